"""One cookie per sign-in attempt: bound to its place, few at a time, used once."""

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.attempt import Attempt, encode
from gateway.authentication.attempt_cookies import AttemptCookies, superfluous
from gateway.sessions.codec import KeyRing, Purpose
from gateway.sessions.cookies import OwnCookies
from tests.support.browser_jar import BrowserJar
from tests.support.session_settings import Settings, counting_bytes

KEYS = KeyRing([bytes(32)])
HOST, NOW = "app.example.com", 1_800_000_000
SDK = '{"redirectUri":"https://app.example.com/.gateway/callback","codeVerifier":"v"}'


def make(keys: KeyRing = KEYS, same_site: str = "lax") -> AttemptCookies:
    settings = Settings(same_site=same_site)
    return AttemptCookies(settings, keys, secure=True, random_bytes=counting_bytes())


def attempt(state: str = "state", started_at: int = NOW, to: str = "/") -> Attempt:
    return Attempt(state, "nonce", SDK, to, started_at)


def started(cookies: AttemptCookies, *attempts: Attempt) -> BrowserJar:
    jar = BrowserJar()
    for each in attempts:
        jar.receive(cookies.write(each, HOST, jar.cookie()))
    return jar


def test_39_two_tabs_finish_in_either_order() -> None:
    cookies = make()
    first, second = attempt("one", to="/1"), attempt("two", to="/2")
    cookie = b"a=1; " + started(cookies, first, second).cookie()
    assert cookies.read("two", cookie, HOST, NOW + 1) == second
    assert cookies.read("one", cookie, HOST, NOW + 2) == first


@pytest.mark.parametrize(
    ("state", "host", "now"),
    [
        pytest.param("another", HOST, NOW, id="another state"),
        pytest.param("", HOST, NOW, id="no state"),
        pytest.param("\ud800" * 10_000, HOST, NOW, id="a huge state that is no text"),
        pytest.param("state", "evil.example.com", NOW, id="another host"),
        pytest.param("state", HOST, NOW + 600, id="ten minutes later"),
        pytest.param("state", HOST, NOW - 61, id="from the future"),
    ],
)
def test_21_a_callback_out_of_place_finds_no_attempt(
    state: str, host: str, now: float
) -> None:
    cookies = make()
    cookie = started(cookies, attempt()).cookie()
    assert cookies.read(state, cookie, host, now) is None
    assert cookies.read("state", cookie, HOST, NOW) == attempt()


def test_21_another_browser_has_no_attempt() -> None:
    cookies = make()
    started(cookies, attempt())
    assert cookies.read("state", b"", HOST, NOW) is None
    assert cookies.read("state", started(cookies).cookie(), HOST, NOW) is None


def test_21_an_attempt_under_the_name_of_another_state_is_none() -> None:
    cookies = make()
    jar = started(cookies, attempt("one"), attempt("two"))
    one, two = jar.kept
    swapped = b"%s=%s; %s=%s" % (one, jar.kept[two], two, jar.kept[one])
    assert cookies.read("one", swapped, HOST, NOW) is None
    assert cookies.read("two", swapped, HOST, NOW) is None


def test_21_the_state_within_is_the_one_that_counts() -> None:
    cookies = make()
    (name,) = started(cookies, attempt("one")).kept
    place = {"cookie_name": name.decode(), "host": HOST}
    sealed = KEYS.seal(
        encode(attempt("two")), purpose=Purpose.ATTEMPT, **place, nonce=bytes(12)
    )
    cookie = b"%s=%x.%s" % (name, NOW, sealed.encode())
    assert cookies.read("one", cookie, HOST, NOW) is None


def test_25_an_attempt_is_no_session_and_a_session_no_attempt() -> None:
    cookies = make()
    ((name, value),) = started(cookies, attempt()).kept.items()
    sealed = value.partition(b".")[2]
    place = {"cookie_name": name.decode(), "host": HOST}
    assert KEYS.open(sealed, purpose=Purpose.SESSION, **place) is None
    payload = KEYS.open(sealed, purpose=Purpose.ATTEMPT, **place)
    assert payload is not None
    session = KEYS.seal(payload, purpose=Purpose.SESSION, **place, nonce=bytes(12))
    planted = b"%s=%x.%s" % (name, NOW, session.encode())
    assert cookies.read("state", planted, HOST, NOW) is None


@given(st.data())
def test_25_every_flipped_bit_is_no_attempt(data: st.DataObject) -> None:
    cookies = make()
    ((name, value),) = started(cookies, attempt()).kept.items()
    flipped = bytearray(value)
    position = data.draw(st.integers(0, len(value) - 1))
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    cookie = b"%s=%s" % (name, bytes(flipped))
    assert cookies.read("state", cookie, HOST, NOW) is None


@given(st.binary(max_size=100))
def test_10_a_broken_cookie_is_no_attempt(junk: bytes) -> None:
    cookies = make()
    name = next(iter(started(cookies, attempt()).kept))
    assert cookies.read("state", name + b"=" + junk, HOST, NOW) is None
    assert cookies.write(attempt(), HOST, junk + b"; " + name + b"-x=" + junk)


def test_10_a_cookie_sent_twice_with_two_values_is_no_attempt() -> None:
    cookies = make()
    cookie = started(cookies, attempt()).cookie()
    assert cookies.read("state", cookie + b"; " + cookie, HOST, NOW) == attempt()
    assert cookies.read("state", cookie + b"; " + cookie + b"A", HOST, NOW) is None


def test_once_it_came_back_only_where_it_led_is_left_for_its_ten_minutes() -> None:
    cookies = make()
    jar = started(cookies, attempt("one", to="/1"), attempt("two"))
    (value,) = cookies.finish(attempt("one", to="/1"), HOST, NOW + 100.5)
    assert b"; Max-Age=499;" in value
    jar.receive([value])
    left = cookies.read("one", jar.cookie(), HOST, NOW + 101)
    assert left == Attempt("one", "", "", "/1", NOW)
    assert left.is_finished
    assert not attempt().is_finished
    assert cookies.read("two", jar.cookie(), HOST, NOW) == attempt("two")


def test_a_long_return_to_is_forgotten_once_it_came_back() -> None:
    cookies = make()
    long = attempt("one", to="/" + "a" * 256)
    jar = started(cookies, long)
    jar.receive(cookies.finish(long, HOST, NOW))
    assert not jar.kept


def test_clearing_leaves_no_attempt_and_no_other_cookie_alone() -> None:
    cookies = make()
    jar = started(cookies, *(attempt(str(number)) for number in range(7)))
    jar.kept[b"mine"] = b"1"
    jar.receive(cookies.clear(jar.cookie()))
    assert jar.kept == {b"mine": b"1"}
    flood = b"; ".join(b"__Host-gateway-attempt-%d=1" % n for n in range(1000))
    assert len(cookies.clear(flood)) <= 14


def test_39_at_most_seven_and_the_oldest_go_first() -> None:
    cookies = make()
    attempts = [attempt(str(number), NOW + number // 3) for number in range(30)]
    jar = started(cookies, *attempts)
    left = [
        each.state
        for each in attempts
        if cookies.read(each.state, jar.cookie(), HOST, NOW + 10)
    ]
    assert left == [str(number) for number in range(23, 30)]


def test_39_at_most_4_kib_together() -> None:
    cookies = make()
    attempts = [attempt(str(n), NOW + n, "/" + "a" * 1023) for n in range(5)]
    jar = started(cookies, *attempts)
    assert len(jar.cookie()) <= 4096
    assert len(jar.kept) == 2
    assert cookies.read("4", jar.cookie(), HOST, NOW + 5) == attempts[4]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"junk", id="junk"),
        pytest.param(b"ffffffffffffffffffff.x", id="endless digits"),
        pytest.param(b"-1.x", id="negative"),
        pytest.param(b"%x.x" % (NOW + 3600), id="from the future"),
    ],
)
def test_a_time_that_is_none_of_ours_is_the_oldest(value: bytes) -> None:
    others = [(b"new-%d" % n, b"%x.y" % (NOW - n)) for n in range(6)]
    others.insert(3, (b"odd", value))
    assert superfluous((b"n", b"v"), others, NOW) == [b"odd"]


def test_a_flood_of_names_is_expired_a_few_at_a_time() -> None:
    flood = b"; ".join(b"__Host-gateway-attempt-%d=x" % n for n in range(1000))
    assert len(make().write(attempt(), HOST, flood)) == 1 + 8


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"\xff", id="not ASCII"),
        pytest.param(b"a\tb", id="tab"),
        pytest.param(b"a,b", id="comma"),
        pytest.param(b"a\x01b", id="control"),
        pytest.param(b"a" * 1000, id="huge"),
    ],
)
def test_a_name_that_is_no_cookie_name_is_not_repeated_to_the_client(
    name: bytes,
) -> None:
    flood = b"; ".join(b"__Host-gateway-attempt-%s%d=x" % (name, n) for n in range(10))
    assert len(make().write(attempt(), HOST, flood)) == 1


@pytest.mark.parametrize(
    ("session", "ours"),
    [
        pytest.param("lax", b"SameSite=Lax", id="lax"),
        pytest.param("strict", b"SameSite=Lax", id="strict"),
        pytest.param("none", b"SameSite=None", id="none"),
    ],
)
def test_it_comes_along_on_the_way_back_from_logto(session: str, ours: bytes) -> None:
    (value,) = make(same_site=session).write(attempt(), HOST, b"")
    assert value.endswith(b"; Max-Age=600; Path=/; Secure; HttpOnly; " + ours)


def test_its_name_is_ours() -> None:
    own = OwnCookies(b"__Host-gateway")
    assert own.strip_own(started(make(), attempt()).cookie()) is None
    assert own.is_own_set_cookie(make().write(attempt(), HOST, b"")[0])


def test_an_older_key_still_opens() -> None:
    cookie = started(make(), attempt()).cookie()
    newer = make(KeyRing([b"\x01" * 32, bytes(32)]))
    assert newer.read("state", cookie, HOST, NOW) == attempt()
    assert make(KeyRing([b"\x01" * 32])).read("state", cookie, HOST, NOW) is None
