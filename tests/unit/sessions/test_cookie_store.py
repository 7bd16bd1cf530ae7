"""Sessions in cookies: written, read by a browser's next request, ended, cleared."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.chunks import LONGEST_COOKIE
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore, SessionTooLarge
from gateway.sessions.opened import MOST_OPENED
from gateway.sessions.session import Session
from tests.support.browser_jar import BrowserJar
from tests.support.session_settings import Settings, counting_bytes

KEY, NEWER = bytes(32), b"\x01" * 32
HOST, NOW = "app.example.com", 1_800_000_000
HOUR, DAY, LARGE = 3600, 86400, 14 * 1024
NAME = b"__Host-gateway"


def make(*keys: bytes, settings: Settings | None = None) -> CookieStore:
    ring = KeyRing(keys or [KEY])
    settings = settings or Settings()
    return CookieStore(settings, ring, secure=True, random_bytes=counting_bytes())


def session(session_id: str = "id", length: int = 0) -> Session:
    """Return a session whose cookie takes a little more than *length* bytes."""
    ada = Identity("u1", None, "ada", "22", "A" * (length * 3 // 4), None, False, None)  # noqa: FBT003
    return Session(session_id, NOW, NOW, NOW + DAY, ada, "refresh")


def browser(
    store: CookieStore, given: Session | None = None, host: str = HOST
) -> BrowserJar:
    jar = BrowserJar()
    jar.receive(store.write(given or session(), host, NOW, b""))
    return jar


def test_what_was_written_is_read_again() -> None:
    store = make()
    cookie = b"a=1; " + browser(store).cookie() + b'; _interaction={"a": "b,c"}'
    assert store.read(cookie, HOST, NOW) == session()
    assert store.read(cookie, HOST, NOW) == session()
    assert make().read(cookie, HOST, NOW) == session()


def test_a_cookie_that_comes_again_is_opened_once() -> None:
    store = make()
    cookie = browser(store).cookie()
    first = store.read(cookie, HOST, NOW)
    assert first is not None
    assert store.read(b"another=1; " + cookie, HOST, NOW) is first


@given(st.integers(0, 13_000))
@settings(max_examples=50)
def test_every_size_comes_back_from_a_browser(length: int) -> None:
    store = make(settings=Settings(max_cookie_size=LARGE))
    cookie = browser(store, session(length=length)).cookie()
    assert store.read(cookie, HOST, NOW) == session(length=length)
    assert make().read(cookie, HOST, NOW) == session(length=length)


def test_without_a_cookie_of_ours_there_is_none() -> None:
    assert make().read(b"", HOST, NOW) is None
    assert make().read(b"a=1; __Host-gateways=x", HOST, NOW) is None


@given(st.binary(max_size=300))
def test_10_a_broken_cookie_is_no_session(junk: bytes) -> None:
    store = make()
    for cookie in (
        NAME + b"=" + junk,
        junk + b"; " + NAME + b"=" + junk,
        NAME + b".1=" + junk + b"; " + NAME + b"=2." + junk,
    ):
        assert store.read(cookie, HOST, NOW) is None
        assert store.write(session(), HOST, NOW, cookie)
        assert store.clear(cookie)


def test_10_a_cookie_that_was_sent_twice_is_no_session_unless_it_is_the_same() -> None:
    store = make()
    one, other = (browser(store, session(each)).cookie() for each in ("one", "other"))
    assert store.read(one + b"; " + one, HOST, NOW) == session("one")
    assert store.read(one + b"; " + other, HOST, NOW) is None


@pytest.mark.parametrize("length", [100, 6000])
def test_25_every_flipped_bit_is_no_session(length: int) -> None:
    store = make(settings=Settings(max_cookie_size=LARGE))
    jar = browser(store, session(length=length))
    assert store.read(jar.cookie(), HOST, NOW)
    for name, value in jar.kept.items():
        for position in range(0, len(value), 7):
            flipped = bytearray(value)
            flipped[position] ^= 1 << position % 8
            others = {**jar.kept, name: bytes(flipped)}
            cookie = b"; ".join(b"%s=%s" % pair for pair in others.items())
            assert store.read(cookie, HOST, NOW) is None


def test_25_on_another_host_it_is_no_session_though_it_was_just_opened() -> None:
    store = make()
    cookie = browser(store).cookie()
    assert store.read(cookie, HOST, NOW)
    assert store.read(cookie, "other.example.com", NOW) is None


def test_25_under_another_name_it_is_no_session() -> None:
    cookie = browser(make()).cookie().replace(NAME, b"__Host-other")
    other = make(settings=Settings(cookie_name="__Host-other"))
    assert other.read(cookie, HOST, NOW) is None


def test_26_a_part_that_is_missing_or_of_another_generation_is_no_session() -> None:
    store = make(settings=Settings(max_cookie_size=LARGE))
    old = browser(store, session("old", 11_000)).kept
    new = browser(store, session("new", 11_000)).kept
    assert len(new) == 4
    for name in new:
        missing = {key: value for key, value in new.items() if key != name}
        mixed = {**new, name: old[name]}
        for parts in (missing, mixed):
            cookie = b"; ".join(b"%s=%s" % pair for pair in parts.items())
            assert store.read(cookie, HOST, NOW) is None


def test_26_what_an_earlier_session_left_is_expired_on_write() -> None:
    large = make(settings=Settings(max_cookie_size=LARGE))
    jar = browser(large, session(length=9000))
    small = make()
    jar.receive(small.write(session(), HOST, NOW, jar.cookie()))
    assert list(jar.kept) == [NAME]
    assert small.read(jar.cookie(), HOST, NOW) == session()


def test_26_answers_that_overtake_one_another_leave_nothing_behind() -> None:
    store = make(settings=Settings(max_cookie_size=LARGE))
    large, small = session(length=9000), session()
    jar = BrowserJar()
    answers = [store.write(each, HOST, NOW, b"") for each in (large, small)]
    for answer in answers:
        jar.receive(answer)
    assert store.read(jar.cookie(), HOST, NOW) == small


def test_a_flood_of_left_overs_is_expired_a_few_at_a_time() -> None:
    flood = b"; ".join(b"%s.%d=x" % (NAME, number) for number in range(1000))
    assert len(make().write(session(), HOST, NOW, flood)) <= 1 + 8
    assert len(make().clear(flood)) <= 4 + 8


def test_a_left_over_with_a_name_that_is_none_is_not_repeated() -> None:
    hostile = NAME + b".a,b\xff=x; " + NAME + b"." + b"a" * 1000 + b"=x"
    assert len(make().write(session(), HOST, NOW, hostile)) == 1


@pytest.mark.parametrize("length", [0, 9000])
def test_27_after_it_was_cleared_the_browser_has_nothing_of_it(length: int) -> None:
    store = make(settings=Settings(max_cookie_size=LARGE))
    jar = browser(store, session(length=length))
    jar.receive([b"application=1; Path=/"])
    jar.receive(store.clear(jar.cookie()))
    assert jar.kept == {b"application": b"1"}


def test_27_clearing_names_what_the_request_did_not_show() -> None:
    jar = browser(make(settings=Settings(max_cookie_size=LARGE)), session(length=9000))
    jar.receive(make().clear(b""))
    assert jar.kept == {}


@pytest.mark.parametrize(
    ("later", "live"),
    [
        pytest.param(HOUR - 1, True, id="seen lately"),
        pytest.param(HOUR, False, id="idle"),
        pytest.param(-60, True, id="a clock within the leeway"),
        pytest.param(-61, False, id="from the future"),
    ],
)
@pytest.mark.parametrize("again", [False, True], ids=["first", "opened before"])
def test_the_limits_hold_at_every_read(later: int, live: bool, again: bool) -> None:  # noqa: FBT001
    store = make(settings=Settings(idle_timeout=HOUR))
    cookie = browser(store).cookie()
    if again:
        assert store.read(cookie, HOST, NOW)
    assert (store.read(cookie, HOST, NOW + later) is not None) is live


def test_it_ends_with_its_id_token_and_at_its_age() -> None:
    for limits, limited in (
        (Settings(), replace(session(), expires_at=NOW + 100, refresh_token=None)),
        (Settings(max_age=100), session()),
    ):
        store = make(settings=limits)
        cookie = browser(store, limited).cookie()
        assert store.read(cookie, HOST, NOW + 99.9) == limited
        assert store.read(cookie, HOST, NOW + 100) is None
        assert store.opened(cookie, HOST) == limited


def test_who_keeps_coming_is_never_idled_out() -> None:
    limits = Settings(idle_timeout=HOUR)
    store, jar, writes = make(settings=limits), BrowserJar(), 0
    jar.receive(store.write(session(), HOST, NOW, b""))
    for now in range(NOW, NOW + 6 * HOUR, 10):
        current = store.read(jar.cookie(), HOST, now)
        assert current is not None
        if store.due(current, now):
            writes += 1
            jar.receive(store.write(current.seen(now), HOST, now, jar.cookie()))
    assert writes <= 6 * 20


@pytest.mark.parametrize(
    ("idle_timeout", "due_after"),
    [(12 * HOUR, 300), (HOUR, 180), (60, 3)],
)
def test_it_is_written_again_in_time_and_seldom(
    idle_timeout: float, due_after: int
) -> None:
    store = make(settings=Settings(idle_timeout=idle_timeout))
    assert not store.due(session(), NOW + due_after - 1)
    assert store.due(session(), NOW + due_after)


def test_a_session_of_an_older_key_is_due_at_once_and_then_has_the_newest() -> None:
    jar = browser(make(KEY))
    rotated = make(NEWER, KEY)
    old = rotated.read(jar.cookie(), HOST, NOW)
    assert old == session()
    assert rotated.due(old, NOW)
    jar.receive(rotated.write(old.seen(NOW), HOST, NOW, jar.cookie()))
    new = make(NEWER).read(jar.cookie(), HOST, NOW)
    assert new == session()
    assert not make(NEWER).due(new, NOW)


def test_an_ended_session_stays_ended() -> None:
    store = make()
    jar = browser(store)
    current = store.read(jar.cookie(), HOST, NOW)
    assert current is not None
    store.end(current, NOW + 1)
    assert store.read(jar.cookie(), HOST, NOW + 1) is None
    assert store.read(jar.cookie(), HOST, NOW + DAY - 1) is None


def test_a_late_answer_does_not_bring_an_ended_session_back() -> None:
    store = make()
    jar = browser(store)
    late = session().seen(NOW + 600)
    store.end(session(), NOW + 601)
    jar.receive(store.clear(jar.cookie()))
    jar.receive(store.write(late, HOST, NOW + 602, jar.cookie()))
    assert jar.kept == {}


def test_a_late_answer_does_not_take_the_cookie_of_the_next_session() -> None:
    store = make()
    jar = browser(store, session("first"))
    old_cookie = jar.cookie()
    jar.receive(store.write(session("second"), HOST, NOW, old_cookie))
    late = store.write(session("first").seen(NOW), HOST, NOW, old_cookie)
    jar.receive(late)
    assert late == []
    assert store.read(jar.cookie(), HOST, NOW) == session("second")


def test_23_a_planted_session_is_replaced_and_its_id_is_dead() -> None:
    store = make()
    planted = browser(store, session("planted"))
    cookie = planted.cookie()
    planted.receive(store.write(session("own"), HOST, NOW, cookie))
    assert store.read(planted.cookie(), HOST, NOW) == session("own")
    assert store.read(cookie, HOST, NOW) is None


def test_writing_a_session_again_does_not_end_it() -> None:
    store = make()
    cookie = browser(store).cookie()
    assert store.write(session().seen(NOW + 400), HOST, NOW + 400, cookie)
    assert store.read(cookie, HOST, NOW + 400) == session()


def test_many_sessions_are_kept_open_within_bounds_and_all_still_open() -> None:
    store = make()
    cookies = [
        browser(store, session(str(number))).cookie()
        for number in range(MOST_OPENED + 50)
    ]
    for _ in range(2):
        for number, cookie in enumerate(cookies):
            assert store.read(cookie, HOST, NOW) == session(str(number))
    assert len(store._opened) == MOST_OPENED  # noqa: SLF001


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(SessionTooLarge) as refused:
        make().write(session(length=LONGEST_COOKIE), HOST, NOW, b"")
    size = refused.value.size
    assert size > refused.value.limit == 3584
    assert str(refused.value) == (
        f"the session takes {size} bytes of cookies, and session.max_cookie_size"
        " allows 3584: raise it, ask for fewer claims, or keep sessions in Redis"
        ' (session.store = "redis")'
    )


def test_14_kib_is_the_most_whatever_is_set() -> None:
    store = make(settings=Settings(max_cookie_size=1_000_000))
    assert len(store.write(session(length=13_000), HOST, NOW, b"")) == 4
    with pytest.raises(SessionTooLarge):
        store.write(session(length=14_400), HOST, NOW, b"")


def test_a_session_that_is_refused_leaves_the_other_alone() -> None:
    store = make()
    cookie = browser(store).cookie()
    with pytest.raises(SessionTooLarge):
        store.write(session("other", LONGEST_COOKIE), HOST, NOW, cookie)
    assert store.read(cookie, HOST, NOW) == session()


def test_its_attributes() -> None:
    (value,) = make().write(session(), HOST, NOW + 100, b"")
    assert value.startswith(NAME + b"=A")
    assert value.endswith(b"; Max-Age=604700; Path=/; Secure; HttpOnly; SameSite=Lax")


def test_over_http_on_loopback_a_browser_keeps_and_forgets_it_too() -> None:
    store = CookieStore(
        Settings(cookie_name="gateway-8080", same_site="strict"),
        KeyRing([KEY]),
        secure=False,
        random_bytes=counting_bytes(),
    )
    jar = BrowserJar(secure=False)
    jar.receive(store.write(session(), "127.0.0.1", NOW, b""))
    assert store.read(jar.cookie(), "127.0.0.1", NOW) == session()
    assert jar.attributes[b"gateway-8080"][b"samesite"] == b"Strict"
    jar.receive(store.clear(jar.cookie()))
    assert jar.kept == {}


# A session that was renewed


def again(before: Session, refresh_token: str | None = None) -> Session:
    """Return what Logto made of *before* five minutes later."""
    return replace(
        before,
        seen_at=NOW + 300,
        revalidated_at=NOW + 300,
        generation=before.generation + 1,
        refresh_token=refresh_token or before.refresh_token,
    )


def test_40_late_comers_with_the_old_cookie_get_the_renewed_session() -> None:
    store = make()
    old = browser(store).cookie()
    assert store.renew(session(), again(session(), "next"), NOW + 300) > NOW + 300
    found = store.read(old, HOST, NOW + 301)
    assert found == again(session(), "next")
    assert found is not None
    assert store.due(found, NOW + 301)
    jar = BrowserJar()
    jar.receive(store.write(found, HOST, NOW + 301, old))
    new = store.read(jar.cookie(), HOST, NOW + 302)
    assert new == found
    assert not store.due(found, NOW + 302) or new is not None
    assert new is not None
    assert not store.due(new, NOW + 302)


def test_40_an_answer_that_began_before_the_renewal_writes_the_renewed_session() -> (
    None
):
    store = make()
    before = session()
    old = browser(store, before).cookie()
    assert not store.due(before, NOW + 10)
    store.renew(before, again(before, "next"), NOW + 10)
    assert store.due(before, NOW + 10)
    jar = BrowserJar()
    jar.receive(store.write(before.seen(NOW + 400), HOST, NOW + 400, old))
    written = make().read(jar.cookie(), HOST, NOW + 400)
    assert written == replace(again(before, "next"), seen_at=NOW + 400)


@pytest.mark.parametrize(
    ("token", "received", "kept_until"),
    [
        pytest.param("refresh", False, NOW + 300 + 600, id="the token is the same"),
        pytest.param("next", False, NOW + 7 * DAY, id="the client lacks the new one"),
        pytest.param("next", True, NOW + 320 + 600, id="the client has it"),
    ],
)
def test_a_renewed_session_is_kept_for_late_comers(
    token: str,
    received: bool,  # noqa: FBT001
    kept_until: int,
) -> None:
    store = make(settings=Settings(idle_timeout=8 * DAY))
    old = browser(store).cookie()
    store.renew(session(), again(session(), token), NOW + 300)
    jar = BrowserJar()
    jar.receive(store.write(session(), HOST, NOW + 310, old))
    store.read(jar.cookie() if received else old, HOST, NOW + 320)
    assert store.newest(session(), kept_until - 0.1).generation == 1
    assert store.newest(session(), kept_until).generation == 0


def test_a_session_that_ended_is_not_brought_back_by_its_renewal() -> None:
    store = make()
    old = browser(store).cookie()
    store.end(session(), NOW)
    store.renew(session(), again(session()), NOW + 1)
    assert store.read(old, HOST, NOW + 1) is None
    assert store.write(again(session()), HOST, NOW + 1, old) == []


def test_a_renewed_session_ends_for_its_old_cookies_too() -> None:
    store = make()
    old = browser(store).cookie()
    store.renew(session(), again(session()), NOW + 1)
    store.end(session(), NOW + 2)
    assert store.read(old, HOST, NOW + 2) is None
    assert store.write(again(session()), HOST, NOW + 2, old) == []


def test_a_rotated_key_ring_signs_nobody_out() -> None:
    jar, now = browser(make(KEY)), NOW
    for ring in ((NEWER, KEY), (NEWER,)):
        store, now = make(*ring), now + 1
        current = store.read(jar.cookie(), HOST, now)
        assert current == session() or current == session().seen(now - 1)
        assert current is not None
        if store.due(current, now):
            jar.receive(store.write(current.seen(now), HOST, now, jar.cookie()))
    current = make(NEWER).read(jar.cookie(), HOST, now)
    assert current is not None
    assert not make(NEWER).due(current, now)
