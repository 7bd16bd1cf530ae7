"""What gateways tell one another through Redis, and what they note for a person.

All of it is sealed: who reads Redis learns no name, and who can write to it signs
nobody out by a message of their own.
"""

import json
from dataclasses import dataclass
from typing import assert_never

from gateway.sessions.in_redis.keys import OwnKeys
from gateway.sessions.in_redis.reference import as_text
from gateway.sessions.note import Note
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session

_MESSAGE, _NOTE = "message", "note "


@dataclass(frozen=True, slots=True)
class Changed:
    """The session with this *id* is another now: what is known of it is old."""

    id: str


Message = Mark | Changed


def seal_message(own: OwnKeys, message: Message, sender: str, nonce: bytes) -> bytes:
    """Return *message* of *sender* as it is sent; *nonce* is 12 random bytes."""
    return own.seal(_payload(message, sender), _MESSAGE, nonce)


def open_message(own: OwnKeys, sealed: bytes) -> tuple[str, Message] | None:
    """Return the sender and the message in *sealed*; None where it is not of ours."""
    payload = own.open(sealed, _MESSAGE)
    if payload is None:
        return None
    match json.loads(payload):  # ours: it opened
        case [str(sender), "mark", str(whose), str(value), at, until]:
            return sender, Mark(Whose(whose), value, at, until)
        case [str(sender), "changed", str(session_id)]:
            return sender, Changed(session_id)
        case _:  # of a newer gateway
            return None


def _payload(message: Message, sender: str) -> bytes:
    match message:
        case Mark(whose, value, at, until):
            return as_text(sender, "mark", str(whose), value, at, until)
        case Changed(session_id):
            return as_text(sender, "changed", session_id)
        case _:
            assert_never(message)


def seal_note(own: OwnKeys, session: Session, nonce: bytes) -> bytes:
    """Return what the person of *session* is shown of it, sealed."""
    stored = session.stored
    browser, host = (stored.browser, stored.host) if stored else ("", "")
    payload = as_text(session.signed_in_at, session.seen_at, browser, host)
    return own.seal(payload, _NOTE + session.id, nonce)


def open_note(own: OwnKeys, session_id: str, sealed: bytes) -> Note | None:
    """Return the note of the session called *session_id*; None where it is not that."""
    payload = own.open(sealed, _NOTE + session_id)
    if payload is None:
        return None
    match json.loads(payload):
        case [int(signed_in_at), int(seen_at), str(browser), str(host)]:
            return Note(session_id, signed_in_at, seen_at, browser, host)
        case _:
            return None
