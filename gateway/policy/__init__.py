"""Step 3: may they?"""
