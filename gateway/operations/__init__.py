"""Logs, metrics, health, start and stop."""
