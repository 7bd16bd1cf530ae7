"""A session as a value: its limits, and its way into a cookie and back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.session import Session, decode, encode

ADA = Identity(
    sub="u1",
    username=None,
    x_username="ada",
    x_id="2244994945",
    name="Ada 愛達",
    email="ada@example.com",
    email_verified=True,
    picture="https://pbs.example/ada.jpg",
    roles=("admin", "dev"),
    claims=(("custom_data.team", "blue"), ("custom_data.tags", ("a", "b"))),
)
SESSION = Session(
    id="id",
    signed_in_at=10_000,
    seen_at=20_000,
    expires_at=100_000,
    identity=ADA,
    refresh_token="refresh",
    sid="logto-session",
    revalidated_at=30_000,
    generation=3,
    authenticated_at=9_990,
)


def test_what_was_encoded_decodes() -> None:
    assert decode(encode(SESSION)) == SESSION


TEXT = st.text(max_size=20)
IDENTITIES = st.builds(
    Identity,
    sub=st.text(min_size=1, max_size=20),
    username=st.none() | TEXT,
    x_username=st.none() | TEXT,
    x_id=st.none() | TEXT,
    name=st.none() | st.text(st.characters(), max_size=5) | st.just("\ud800"),
    email=st.none() | TEXT,
    email_verified=st.booleans(),
    picture=st.none() | TEXT,
    roles=st.lists(TEXT, max_size=3).map(tuple),
    claims=st.dictionaries(
        TEXT, TEXT | st.lists(TEXT, max_size=2).map(tuple), max_size=2
    ).map(lambda claims: tuple(claims.items())),
)
TIMES = st.integers(0, 2**40)


MAYBE = st.none() | TEXT


@given(
    st.builds(
        Session, TEXT, TIMES, TIMES, TIMES, IDENTITIES, MAYBE, MAYBE, TIMES, TIMES
    )
)
def test_every_session_decodes(session: Session) -> None:
    assert decode(encode(session)) == session


WRONG: list[object] = [True, 1.5, [], {"a": 1}]
VALUES = json.loads(encode(SESSION))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"1" * 10_000, id="a huge number"),
        pytest.param(b"{}", id="no list"),
        pytest.param(json.dumps(VALUES[:5]).encode(), id="too short"),
        pytest.param(json.dumps([*VALUES, 1]).encode(), id="too long"),
        *(
            pytest.param(
                json.dumps([*VALUES[:place], wrong, *VALUES[place + 1 :]]).encode(),
                id=f"{wrong!r} at {place}",
            )
            for place in range(9)
            for wrong in WRONG
        ),
        pytest.param(json.dumps([None, *VALUES[1:]]).encode(), id="no id"),
    ],
)
def test_what_is_no_session_decodes_to_none(payload: bytes) -> None:
    assert decode(payload) is None


@pytest.mark.parametrize(
    ("now", "live"),
    [
        pytest.param(20_000, True, id="just seen"),
        pytest.param(20_999.9, True, id="almost idle"),
        pytest.param(21_000, False, id="idle"),
        pytest.param(19_940, True, id="seen within a minute ahead of us"),
        pytest.param(19_939, False, id="seen in the future"),
    ],
)
def test_it_ends_when_it_is_idle(now: float, live: bool) -> None:  # noqa: FBT001
    assert SESSION.is_live(now, idle_timeout=1000, max_age=1e9) is live


@pytest.mark.parametrize(
    ("now", "live"),
    [
        pytest.param(59_999, True, id="almost"),
        pytest.param(60_000, False, id="max_age after the sign-in"),
    ],
)
def test_it_ends_at_its_age(now: float, live: bool) -> None:  # noqa: FBT001
    assert SESSION.is_live(now, idle_timeout=1e9, max_age=50_000) is live


def test_without_a_refresh_token_it_ends_with_its_id_token_to_the_second() -> None:
    session = replace(SESSION, refresh_token=None)
    assert session.is_live(99_999.9, idle_timeout=1e9, max_age=1e9)
    assert not session.is_live(100_000, idle_timeout=1e9, max_age=1e9)


def test_with_a_refresh_token_it_outlives_its_id_token() -> None:
    assert SESSION.is_live(100_000, idle_timeout=1e9, max_age=1e9)


NEVER = {"revalidated_at": 0, "generation": 0}


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        pytest.param(6, {"sid": None, **NEVER}, id="no session at Logto"),
        pytest.param(7, NEVER, id="never revalidated"),
        pytest.param(9, {}, id="nobody knows when they showed who they are"),
    ],
)
def test_what_was_sealed_before_there_was_more_still_opens(
    values: int, missing: dict[str, Any]
) -> None:
    old = replace(SESSION, authenticated_at=0, **missing)
    assert decode(json.dumps(VALUES[:values]).encode()) == old


def test_a_sign_in_in_the_future_is_not_believed() -> None:
    ahead = Session("id", 20_061, 20_000, 10**6, ADA)
    assert not ahead.is_live(20_000, idle_timeout=1e9, max_age=1e9)
    assert ahead.is_live(20_001, idle_timeout=1e9, max_age=1e9)


def test_being_seen_never_goes_back() -> None:
    assert SESSION.seen(30_000.9).seen_at == 30_000
    assert SESSION.seen(10_000).seen_at == 20_000


def test_36_its_refresh_token_does_not_show_when_it_is_printed() -> None:
    assert "refresh" not in repr(SESSION)


def test_what_is_sealed_does_not_grow_by_renewals() -> None:
    first = replace(SESSION, generation=0, revalidated_at=0)
    later = 1_800_000_000
    sizes = {
        len(encode(replace(first, generation=count, revalidated_at=later + count)))
        for count in (0, 1, 9, 10, 999, 1000, 9_999_999)
    }
    assert sizes == {len(encode(first))}
