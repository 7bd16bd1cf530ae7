"""What would happen to a request, and why: by the rules that decide for real ones."""
