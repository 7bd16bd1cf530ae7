"""What the operator wrote: one TOML table, one frozen model, one module."""
