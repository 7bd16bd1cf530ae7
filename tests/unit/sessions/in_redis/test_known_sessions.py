"""What was read is believed only while every change is heard of."""

from dataclasses import dataclass

from gateway.identity.identity import Identity
from gateway.sessions.in_redis.known_sessions import FRESH, KnownSessions
from gateway.sessions.session import Session

IDENTITY = Identity(
    "s1", None, None, None, None, None, email_verified=False, picture=None
)


@dataclass
class Radio:
    now: float = 100.0
    heard: int = 1

    def known(self, limit: int = 10) -> KnownSessions:
        return KnownSessions(lambda: self.now, lambda: self.heard, limit)


def session(name: str = "one", generation: int = 0) -> Session:
    return Session(name, 1, 1, 9, IDENTITY, generation=generation)


def put(known: KnownSessions, one: Session) -> None:
    known.put(one, known.heard())


def test_it_is_known_for_a_while() -> None:
    radio = Radio()
    known = radio.known()
    put(known, session())
    assert known.get("one") == session()
    assert known.get("two") is None
    radio.now += FRESH
    assert known.get("one") is None


def test_nothing_is_kept_while_nothing_is_heard() -> None:
    radio = Radio(heard=0)
    known = radio.known()
    put(known, session())
    radio.heard = 1
    assert known.get("one") is None


def test_nothing_is_believed_while_it_is_not_certain() -> None:
    radio = Radio()
    known = radio.known()
    put(known, session())
    radio.heard = 0
    assert known.get("one") is None


def test_what_was_known_before_a_silence_is_forgotten() -> None:
    radio = Radio()
    known = radio.known()
    put(known, session())
    radio.heard = 2
    assert known.get("one") is None


def test_a_change_that_overtakes_the_answer_is_not_lost() -> None:
    known = Radio().known()
    before = known.heard()
    known.drop("one")
    known.put(session(), before)
    assert known.get("one") is None


def test_what_is_replaced_stays_no_longer() -> None:
    radio = Radio()
    known = radio.known()
    put(known, session())
    radio.now += FRESH - 1
    known.replace(session(generation=1))
    assert known.get("one") == session(generation=1)
    radio.now += 1
    assert known.get("one") is None
    known.replace(session())  # what is not known is not made known
    assert known.get("one") is None


def test_the_memory_is_bounded() -> None:
    known = Radio().known(limit=3)
    for name in "abcd":
        put(known, session(name))
    assert len(known) == 3
    assert known.get("a") is None
