"""``gateway check``: what is wrong that the file alone does not show."""
