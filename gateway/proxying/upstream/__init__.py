"""Connections to the upstream: dialled, pooled, and read strictly."""
