"""Step 2: who came back?"""
