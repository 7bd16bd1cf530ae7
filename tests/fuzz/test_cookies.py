"""Cookies of ours, kept, changed, cut, spliced and sent anywhere.

A machine that seals sessions for two hosts, small and large, with two keys, and sends
back what an attacker can make of all their cookies. What is read is a session only
where every byte of it is as it was written, for that host.
"""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from gateway.identity.identity import Identity
from gateway.sessions import chunks
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.session import Session
from tests.support.browser_jar import BrowserJar
from tests.support.fuzzing import briefly
from tests.support.session_settings import Settings, counting_bytes

NOW, DAY = 1_800_000_000, 86400
NAME = b"__Host-gateway"
HOSTS = ("one.example.com", "other.example.com")
KEYS = (bytes(32), b"\x01" * 32)
LARGE = Settings(max_cookie_size=14 * 1024)

Cookies = tuple[tuple[bytes, bytes], ...]
names = st.sampled_from([
    *chunks.possible_names(NAME), NAME + b".4", NAME + b".0", NAME + b".-1",
    NAME + b".01",
    NAME + b".", NAME + b".1.1", NAME.lower(), NAME + b" ", b"other",
])  # fmt: skip
values = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([
        b"", b".", b"2.", b"2..", b"0.x.y", b"-1.x.y", b"99999999999.x.y", b"1.x.y",
        b'"',
        b"=", b"\xff" * 9, b"A" * 5000,
    ]),
)  # fmt: skip


def identity(length: int) -> Identity:
    name = "A" * length
    return Identity("u1", None, "ada", "22", name, None, False, None)  # noqa: FBT003


class Cookies_(RuleBasedStateMachine):  # noqa: N801 - a Bundle has the better name
    """Whatever is written, and whatever is made of it."""

    given_out: Bundle[Cookies] = Bundle("given_out")

    def __init__(self) -> None:
        super().__init__()
        self.stores = [
            CookieStore(
                LARGE, KeyRing([key]), secure=True, random_bytes=counting_bytes()
            )
            for key in KEYS
        ]
        self.written: dict[tuple[int, str, bytes], Session] = {}
        self.sessions = 0

    @rule(
        target=given_out,
        store=st.integers(0, 1),
        host=st.sampled_from(HOSTS),
        length=st.sampled_from((0, 10, 2000, 3000, 6000, 9000)),
    )
    def writes(self, store: int, host: str, length: int) -> Cookies:
        self.sessions += 1
        session = Session(
            f"{store}-{self.sessions}", NOW, NOW, NOW + DAY, identity(length), "refresh"
        )
        jar = BrowserJar()
        jar.receive(self.stores[store].write(session, host, NOW, b""))
        cookies = tuple(jar.kept.items())
        text = chunks.join(NAME, cookies)
        assert text is not None
        self.written[store, host, text] = session
        return cookies

    @rule(target=given_out, cookies=given_out, data=st.data())
    def changes_bytes(self, cookies: Cookies, data: st.DataObject) -> Cookies:
        number = data.draw(st.integers(0, len(cookies) - 1)) if cookies else 0
        return tuple(
            (name, self._mutated(value, data) if place == number else value)
            for place, (name, value) in enumerate(cookies)
        )

    @rule(target=given_out, one=given_out, other=given_out, data=st.data())
    def splices(self, one: Cookies, other: Cookies, data: st.DataObject) -> Cookies:
        both = [*one, *other]
        picked = data.draw(st.lists(st.sampled_from(both), max_size=6)) if both else []
        return tuple(picked)

    @rule(target=given_out, cookies=given_out, name=names, value=values)
    def adds(self, cookies: Cookies, name: bytes, value: bytes) -> Cookies:
        return (*cookies, (name, value))

    @rule(target=given_out, cookies=given_out, name=names, place=st.integers(0, 5))
    def renames(self, cookies: Cookies, name: bytes, place: int) -> Cookies:
        changed = list(cookies)
        if place < len(changed):
            changed[place] = (name, changed[place][1])
        return tuple(changed)

    @rule(target=given_out, cookies=given_out, data=st.data())
    def reorders(self, cookies: Cookies, data: st.DataObject) -> Cookies:
        return tuple(data.draw(st.permutations(cookies)))

    @rule(
        cookies=given_out,
        store=st.integers(0, 1),
        host=st.sampled_from(HOSTS),
        before=st.binary(max_size=20),
        separator=st.sampled_from((b"; ", b";", b" ; ", b";; ")),
    )
    def is_read(
        self, cookies: Cookies, store: int, host: str, before: bytes, separator: bytes
    ) -> None:
        field = separator.join(b"%b=%b" % cookie for cookie in cookies)
        found = self.stores[store].read(field, host, NOW)
        assert found is None or found == self._true(cookies, store, host)
        odd = self.stores[store].read(before + separator + field, host, NOW)
        assert odd is None or odd in self._all(store, host)
        for value in self.stores[store].clear(field):
            assert value.startswith(NAME)
        stripped = self.stores[store].own.strip_own(field)
        assert stripped is None or not self.stores[store].own.found(stripped)

    def _true(self, cookies: Cookies, store: int, host: str) -> Session | None:
        """Return the session that *cookies* carry for *store* and *host*, if any."""
        own = dict(chunks.session_cookies(NAME, cookies))
        for (made_by, for_host, text), session in self.written.items():
            same = dict(chunks.split(NAME, text)).items() <= own.items()
            if (made_by, for_host) == (store, host) and same:
                return session
        return None

    def _all(self, store: int, host: str) -> Sequence[Session]:
        return [
            session
            for (made_by, for_host, _), session in self.written.items()
            if (made_by, for_host) == (store, host)
        ]

    @staticmethod
    def _mutated(value: bytes, data: st.DataObject) -> bytes:
        if not value:
            return value
        place = data.draw(st.integers(0, len(value) - 1))
        how = data.draw(st.sampled_from(("flip", "cut", "double", "case")))
        match how:
            case "flip":
                bit = 1 << data.draw(st.integers(0, 7))
                return value[:place] + bytes((value[place] ^ bit,)) + value[place + 1 :]
            case "cut":
                return value[:place]
            case "double":
                return value[:place] + value
            case _:
                return value.swapcase()


def test_a_session_is_what_was_written_and_nothing_else() -> None:
    run_state_machine_as_test(Cookies_, settings=briefly(60, steps=25))
