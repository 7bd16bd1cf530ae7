"""Or: say no, politely."""
