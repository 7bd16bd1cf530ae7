"""Names that tell nothing, and messages and notes that only we can write."""

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.in_redis.keys import OwnKeys, all_names
from gateway.sessions.in_redis.messages import (
    Changed,
    Message,
    open_message,
    open_note,
    seal_message,
    seal_note,
)
from gateway.sessions.note import Note
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session
from gateway.sessions.stored import Stored

OLD, NEW = bytes(32), bytes(range(32))
NONCE = bytes(12)
IDENTITY = Identity(
    "s1", None, "ada", "x1", "Ada", None, email_verified=False, picture=None
)
SESSION = Session(
    "one", 100, 110, 9999, IDENTITY, stored=Stored(NEW, "Firefox", "a.example")
)
MESSAGES = [
    pytest.param(Mark(Whose.SUBJECT, "s1", 1.5, 9.5), id="mark"),
    pytest.param(Mark(Whose.EVERYBODY, "", 1.5, 9.5), id="everybody"),
    pytest.param(Mark(Whose.X_ID, "\u00e9\u65e5", 1.0, 2.0), id="not ASCII"),
    pytest.param(Changed("one"), id="changed"),
]


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_name_tells_nothing_of_its_value(kind: str, value: str) -> None:
    (name,) = OwnKeys([NEW]).names(kind, value)
    assert len(name) == 40
    assert set(name) <= set("0123456789abcdef")
    assert name not in OwnKeys([OLD]).names(kind, value)


def test_kind_and_value_do_not_run_together() -> None:
    own = OwnKeys([NEW])
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    assert len(set(all_names(own, pairs))) == len(pairs)


def test_every_key_of_the_ring_gives_a_name_the_newest_first() -> None:
    both = OwnKeys([NEW, OLD]).names("subject", "s1")
    assert both == [
        *OwnKeys([NEW]).names("subject", "s1"),
        *OwnKeys([OLD]).names("subject", "s1"),
    ]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_arrives_whole(message: Message) -> None:
    sealed = seal_message(OwnKeys([OLD]), message, "me", NONCE)
    assert open_message(OwnKeys([NEW, OLD]), sealed) == ("me", message)
    assert open_message(OwnKeys([NEW]), sealed) is None
    assert b"s1" not in sealed


@given(st.binary(max_size=200))
def test_whatever_comes_is_no_message(payload: bytes) -> None:
    assert open_message(OwnKeys([NEW]), payload) is None


def test_a_message_of_a_newer_gateway_is_passed_over() -> None:
    own = OwnKeys([NEW])
    assert open_message(own, own.seal(b'["me","later",1]', "message", NONCE)) is None


def test_a_note_is_for_its_session_only() -> None:
    own = OwnKeys([NEW])
    sealed = seal_note(own, SESSION, NONCE)
    assert open_note(own, "one", sealed) == Note(
        "one", 100, 110, "Firefox", "a.example"
    )
    assert open_note(own, "two", sealed) is None
    assert open_note(OwnKeys([OLD]), "one", sealed) is None
    assert open_message(own, sealed) is None
