"""What the gateway is made of: is any of it known to be bad, and what is it?"""
