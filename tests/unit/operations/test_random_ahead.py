from itertools import pairwise

from gateway.operations.random_ahead import DRAWN, RandomAhead


def test_no_byte_is_given_twice() -> None:
    drawn: list[int] = []

    def source(count: int) -> bytes:
        drawn.append(count)
        return bytes((len(drawn),)) * count

    ahead = RandomAhead(source)
    given = [ahead(24) for _ in range(1000)]
    assert all(len(each) == 24 and len(set(each)) == 1 for each in given)
    numbers = [each[0] for each in given]
    assert all(second - first in (0, 1) for first, second in pairwise(numbers))
    assert max(numbers.count(number) for number in numbers) == DRAWN // 24
    assert set(drawn) == {DRAWN}


def test_what_is_given_is_what_was_drawn() -> None:
    text = bytes(range(256)) * (DRAWN // 256)
    ahead = RandomAhead(lambda _count: text)
    assert b"".join(ahead(100) for _ in range(DRAWN // 100)) == text[:4000]
