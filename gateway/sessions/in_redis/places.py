"""Where in Redis what is: the names of keys, and of the channel."""

PREFIX = "gateway:"  # one pattern for the permissions of the gateway's user
SESSION = f"{PREFIX}session:"
INDEX = f"{PREFIX}of:"
MARK = f"{PREFIX}mark:"
MARKS = f"{PREFIX}marks"
TURN = f"{PREFIX}turn:"
USED = f"{PREFIX}used:"
LATE = f"{PREFIX}late:"
PROBE = f"{PREFIX}probe"


def channel(database: int) -> str:
    """Return the channel of those who share *database*: channels belong to none."""
    return f"{PREFIX}changes:{database}"
