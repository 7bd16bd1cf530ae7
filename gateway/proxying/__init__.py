"""Step 5: forward it."""
