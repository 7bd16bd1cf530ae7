"""How much one client may take of what there is for all."""
