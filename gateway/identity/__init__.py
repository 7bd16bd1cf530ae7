"""Step 4: what do we tell the upstream?"""
