"""Or: sign in, sign out."""
