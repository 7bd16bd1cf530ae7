"""Step 1: which route is this request for?"""
