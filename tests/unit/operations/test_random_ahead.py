import os
import re

from gateway.operations.random_ahead import AT_ONCE, Ahead, request_ids


def test_nothing_is_given_twice() -> None:
    made: list[int] = []

    def make(count: int) -> list[int]:
        assert count == AT_ONCE
        new = list(range(len(made), len(made) + count))
        made.extend(new)
        return list(new)

    ahead = Ahead(make)
    given = [ahead.next() for _ in range(3 * AT_ONCE)]
    assert sorted(given) == made
    assert len(made) == 3 * AT_ONCE


def test_ids_of_requests_are_all_of_the_random_bytes() -> None:
    drawn: list[bytes] = []

    def source(count: int) -> bytes:
        drawn.append(os.urandom(count))
        return drawn[-1]

    ids = request_ids(source, 100)
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in ids)
    assert bytes.fromhex("".join(ids)) == b"".join(drawn)
