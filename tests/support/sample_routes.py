"""Routes (TOML) that several files of tests run, UPSTREAM for their application."""

# For whoever signs in, but for a path that is everybody's.
WITH_PUBLIC = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/public"
upstream = "UPSTREAM"
access = "public"
"""

# Of each access, and one that tells of Bob alone who it is.
EVERY_ACCESS = (
    WITH_PUBLIC
    + """
[[routes]]
path = "/optional"
upstream = "UPSTREAM"
access = "optional"
[[routes]]
path = "/optional/bob"
upstream = "UPSTREAM"
access = "optional"
allow = { x_usernames = ["bob_example"] }
"""
)

# At the public host, and at another.
TWO_HOSTS = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
host = "other.example.com"
upstream = "UPSTREAM"
allow = "anyone"
"""

# /danger asks for a sign-in of the last WITHIN seconds.
WITHIN = 900
WITH_DANGER = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/danger"
upstream = "UPSTREAM"
allow = "anyone"
require = { signed_in_within = "15m" }
"""
