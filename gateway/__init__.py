"""The gateway: each folder is one step of a request; read handler.py first."""
