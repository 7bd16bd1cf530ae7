"""Which part gets which: everything that answers requests is put together here."""
