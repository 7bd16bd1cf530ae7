"""A session that was just looked at is what it would be if it were looked at again."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.opened import MOST_OPENED
from gateway.sessions.renewal import schedule
from gateway.sessions.revocations import Mark, Revocations, Whose
from gateway.sessions.session import Session
from tests.support.session_settings import Settings, counting_bytes

HOST, NOW = "app.example.com", 1_800_000_000
HOSTS = (HOST, "other.example.com")
# A cookie is written again after 300 seconds.
LIMITS = Settings(idle_timeout=6000, max_age=1000, revalidate=400)
ADA = Identity("ada", None, "ada", "22", "Ada", None, False, None)  # noqa: FBT003
BOB = replace(ADA, sub="bob", x_id=None)
SESSIONS = (
    Session("lasts", NOW, NOW, NOW + 5000, ADA, "refresh"),
    Session("ends with its ID token", NOW, NOW, NOW + 200, ADA),
    Session("is renewed soon", NOW, NOW, NOW + 100, BOB, "refresh", "sid"),
    Session("is old", NOW, NOW + 800, NOW + 5000, BOB, "refresh", "sid", NOW + 900),
    Session("of a clock ahead", NOW + 50, NOW + 55, NOW + 5000, BOB, "refresh"),
)
MOMENTS = st.sampled_from(
    [
        0,
        1,
        50,
        79,
        81,
        99,
        100,
        199,
        200,
        299,
        300,
        319,
        355,
        399,
        400,
        950,
        999,
        1000,
        1040,
    ]
) | st.integers(-70, 1100)

Event = Callable[["Side"], object]
"""Something that happens, to be told to one side."""


class Side:
    """A store, the cookies that a browser has of one of SESSIONS, and a clock."""

    def __init__(self, number: int = 0) -> None:
        ring = KeyRing([bytes(32), b"\x01" * 32])
        before = KeyRing([b"\x01" * 32])
        random = counting_bytes()
        self.store, old = (
            CookieStore(LIMITS, keys, secure=True, random_bytes=random)
            for keys in (ring, before)
        )
        self.session = self.renewed = SESSIONS[number]
        self.now = float(self.session.seen_at)
        self.cookies: list[bytes] = []
        self.write(self.session)
        self.cookies += [
            b"another=1; " + self.cookies[0],
            self.cookies[0] + b"; __Host-gateway-arrival=1",
            *_sent(old.write(self.session, HOST, NOW, b"")),
        ]

    @property
    def revocations(self) -> Revocations:
        """What the store knows of who is out."""
        return self.store._revocations  # noqa: SLF001

    def write(self, session: Session) -> None:
        """Give a browser a cookie of *session*, if it is not over."""
        self.cookies += _sent(self.store.write(session, HOST, self.now, b""))

    def renew(self, *, replaced: bool) -> None:
        """Have Logto's answer about the session be known now."""
        before = self.renewed
        self.renewed = replace(
            before,
            revalidated_at=int(self.now),
            generation=before.generation + 1,
            expires_at=int(self.now) + 150,
            refresh_token="next" if replaced else before.refresh_token,
        )
        self.store.renew(before, self.renewed, self.now)

    def look_again(self) -> None:
        """Forget what was found: the general way is taken from here."""
        self.store._opened.ended(Mark(Whose.EVERYBODY, "", 0, 0))  # noqa: SLF001


def _sent(set_cookies: list[bytes]) -> list[bytes]:
    return [value.partition(b";")[0] for value in set_cookies]


def _clock(second: int, part: float) -> Event:
    return lambda side: setattr(side, "now", NOW + second + part)


def _mark(session: Session, whose: Whose, second: int) -> Mark:
    values = {
        Whose.SESSION: session.id,
        Whose.SID: session.sid or "",
        Whose.X_ID: session.identity.x_id or "",
        Whose.EVERYBODY: "",
    }
    value = values.get(whose, session.identity.sub)
    return Mark(whose, value, NOW + second, NOW + second + 1060)


MARKS = st.tuples(st.sampled_from(Whose), st.integers(-5, 60))
CLOCK = st.builds(_clock, MOMENTS, st.sampled_from([0.0, 0.5]))
EVENTS: st.SearchStrategy[Event] = (
    CLOCK
    | CLOCK
    | st.sampled_from(
        [
            lambda side: side.write(side.renewed),
            lambda side: side.write(side.renewed.seen(side.now)),
            lambda side: side.store.in_use(side.session, side.now),
            lambda side: side.renew(replaced=True),
            lambda side: side.renew(replaced=False),
            lambda side: side.store.end(side.session, side.now),
        ]
    )
    | st.builds(
        lambda mark: (
            lambda side: side.revocations.take(_mark(side.session, *mark), side.now)
        ),
        MARKS,
    )
    | st.builds(
        lambda mark: (
            lambda side: side.revocations.restore(_mark(side.session, *mark), side.now)
        ),
        MARKS,
    )
    | st.builds(  # what another worker says
        lambda at: lambda side: side.store.last_seen.saw(side.session.id, NOW + at),
        MOMENTS,
    )
)


@given(
    st.integers(0, len(SESSIONS) - 1),
    st.lists(st.tuples(EVENTS, st.integers(0, 7)), min_size=2, max_size=20),
)
@settings(max_examples=300)
def test_whatever_happens_it_is_what_another_look_finds(
    number: int, steps: list[tuple[Event, int]]
) -> None:
    quick, careful = Side(number), Side(number)
    _compare(quick, careful, quick.cookies)
    for event, asked in steps:
        event(quick)
        event(careful)
        _compare(quick, careful, quick.cookies[asked : asked + 1] or quick.cookies)


def _compare(quick: Side, careful: Side, cookies: list[bytes]) -> None:
    for cookie in cookies:
        for host in HOSTS:
            careful.look_again()
            found = careful.store.read(cookie, host, careful.now)
            said = _quiet(quick, cookie, host)
            assert quick.store.read(cookie, host, quick.now) == found
            assert said is None or said == found
            if found is None:
                continue
            due = careful.store.due(found, careful.now)
            assert quick.store.due(found, quick.now) is due
            if said is not None:  # nothing is done: there must be nothing to do
                assert not due
                assert b"arrival" not in cookie
                assert quick.now < schedule(found, LIMITS.revalidate).due_at
                assert not quick.store.is_over(found, quick.now)


def _come(side: Side) -> None:
    """Have a browser come often enough to need no other look."""
    for _ in range(2):
        assert side.store.read(side.cookies[0], HOST, NOW)


def _quiet(side: Side, cookie: bytes, host: str) -> Session | None:
    """Return what is said of *cookie* without a look."""
    known = side.store.known(cookie)
    if known is None or known.host != host:
        return None
    return known.session if known.is_quiet(side.now) else None


@pytest.mark.parametrize(
    ("number", "quiet_for"),
    [
        pytest.param(0, 300, id="until its cookie is written again"),
        pytest.param(1, 200, id="until its ID token is over, which nobody renews"),
        pytest.param(2, 80, id="until Logto may be asked again"),
    ],
)
def test_there_is_no_other_look_for_as_long_as_nothing_can_change(
    number: int, quiet_for: float
) -> None:
    side = Side(number)
    cookie = side.cookies[0]
    for _ in range(2):  # who comes once needs no more
        assert _quiet(side, cookie, HOST) is None
        assert side.store.read(cookie, HOST, NOW)
    for at, expected in ((0, True), (quiet_for - 0.1, True), (quiet_for, False)):
        side.now = NOW + at
        assert (_quiet(side, cookie, HOST) is not None) is expected
    side.now = NOW - 0.1  # a clock that was set back
    assert _quiet(side, cookie, HOST) is None


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda side: side.store.end(SESSIONS[0], NOW), id="it ends"),
        pytest.param(
            lambda side: side.revocations.revoke(Whose.SUBJECT, "ada", NOW + 1),
            id="its person is revoked",
        ),
        pytest.param(
            lambda side: side.revocations.restore(
                _mark(side.session, Whose.EVERYBODY, 1), NOW
            ),
            id="another worker or a restart says that everybody is out",
        ),
        pytest.param(lambda side: side.renew(replaced=True), id="it is renewed"),
        pytest.param(
            lambda side: side.store.last_seen.saw("lasts", NOW + 300),
            id="another worker has seen it later than its cookie says",
        ),
    ],
)
def test_what_happens_is_seen_by_the_next_request(happens: Event) -> None:
    side = Side()
    _come(side)
    assert _quiet(side, side.cookies[0], HOST)
    happens(side)
    assert _quiet(side, side.cookies[0], HOST) is None


def test_something_that_is_open_does_not_bring_a_look_at_each_request() -> None:
    side = Side()
    _come(side)
    side.store.in_use(SESSIONS[0], NOW + 299)
    side.store.end(SESSIONS[1], NOW)  # another one's end does not, either
    assert _quiet(side, side.cookies[0], HOST)


def test_no_more_are_quiet_than_are_kept_open() -> None:
    store = Side().store
    fields = []
    for number in range(MOST_OPENED + 5):
        session = replace(SESSIONS[0], id=str(number))
        fields += _sent(store.write(session, HOST, NOW, b""))
    for field in fields:
        for _ in range(2):
            assert store.read(field, HOST, NOW)
    quiet = store._opened._quiet  # noqa: SLF001
    assert len(quiet) == MOST_OPENED
    assert "0" not in quiet
    known = store.known(fields[-1])
    assert known is not None
    assert known.is_quiet(NOW)
