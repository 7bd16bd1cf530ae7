"""How a person is called on a page, from a verified identity."""

from gateway.identity.identity import Identity
from gateway.pages.plain_text import plain


def handle(identity: Identity) -> str:
    """Return the X handle with an at sign, else Logto's username, else ""."""
    if identity.x_username:
        return f"@{plain(identity.x_username)}"
    return plain(identity.username or "")


def called(identity: Identity) -> str:
    """Return name and handle, or whatever else is there to tell people apart."""
    name = plain(identity.name or "")
    known = handle(identity)
    if name and known:
        return f"{name} ({known})"
    return name or known or plain(identity.email or "") or plain(identity.sub)
