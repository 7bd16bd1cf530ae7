"""Measures the gateway beside its peers; README.md says how, and what is measured."""
