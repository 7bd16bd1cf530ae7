"""Places for many: one client uses up its own share, and nobody locks out everyone."""

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from gateway.operations.limits.shares import Admitted, Refused, Shares

Taken = tuple[str | None, int]
ADA = "ada"


def busy(_holder: int) -> bool:
    return False


def filled(shares: Shares[int], *clients: str | None) -> Shares[int]:
    for holder, client in enumerate(clients):
        assert shares.take(client, holder, busy) == Admitted()
    return shares


@pytest.mark.parametrize(
    ("held", "asking", "answer"),
    [
        pytest.param([], "a", Admitted(), id="a place is free"),
        pytest.param(["a", "a"], "a", Refused.PER_CLIENT, id="its share is used up"),
        pytest.param(["a", "a"], "b", Admitted(), id="another's share is not"),
        pytest.param(
            ["a", "a", "b", "c"], "b", Refused.IN_ALL, id="it would have no less"
        ),
        pytest.param([*"abcd"], "e", Refused.IN_ALL, id="all have one: the newest"),
        pytest.param([None] * 4, "a", Refused.IN_ALL, id="a proxy's are not taken"),
        pytest.param([None] * 3, None, Admitted(), id="a proxy has no share"),
    ],
)
def test_who_gets_a_place_of_four(
    held: list[str | None], asking: str | None, answer: object
) -> None:
    shares = filled(Shares(4, 2), *held)
    assert shares.take(asking, 100, busy) == answer


@pytest.mark.parametrize("asking", ["b", "new", None])
def test_when_all_places_are_taken_the_heaviest_loses_its_newest(
    asking: str | None,
) -> None:
    shares = filled(Shares(5, 4), "a", "a", "b", "a", "a")
    assert shares.take(asking, 100, busy) == Admitted(4)


def test_the_heaviest_loses_an_idle_one_first() -> None:
    shares = filled(Shares(4, 4), "a", "a", "a", "b")
    assert shares.take("c", 100, lambda holder: holder == 1) == Admitted(1)


def test_a_place_that_is_given_back_is_free() -> None:
    shares = filled(Shares(2, 2), "a", "a")
    shares.leave(0)
    shares.leave(0)
    shares.leave(99)
    assert shares.take("a", 100, busy) == Admitted()
    assert shares.take("a", 101, busy) is Refused.PER_CLIENT


def test_who_turns_out_to_stand_for_many_is_not_limited_any_more() -> None:
    shares = filled(Shares(9, 2), "a", "a")
    shares.exempt(0)
    shares.exempt(0)
    shares.exempt(99)
    assert shares.take("a", 100, busy) == Admitted()
    shares.leave(0)
    assert len(shares) == 2


def test_nothing_is_kept_of_clients_that_left() -> None:
    shares: Shares[int] = Shares(10, 10)
    for holder in range(1000):
        shares.take(f"client {holder}", holder, busy)
        shares.leave(holder)
    assert (len(shares), shares.clients) == (0, 0)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["a", "b", "c", "d", None]),
            st.integers(0, 40),  # who leaves
        ),
        max_size=60,
    ),
    st.integers(1, 12),
    st.integers(1, 12),
)
@settings(max_examples=300)
def test_the_limits_hold_whoever_comes_and_goes(
    steps: list[str | int | None], in_all: int, per_client: int
) -> None:
    shares: Shares[int] = Shares(in_all, per_client)
    model: dict[int, str | None] = {}
    for holder, step in enumerate(steps):
        if isinstance(step, int):
            shares.leave(step)
            model.pop(step, None)
        else:
            before = Counter(one for one in model.values() if one is not None)
            answer = shares.take(step, holder, busy)
            if isinstance(answer, Admitted):
                if answer.shed is not None:
                    loser = model.pop(answer.shed)
                    assert loser is not None
                    assert before[loser] == max(before.values())
                model[holder] = step
        counts = Counter(one for one in model.values() if one is not None)
        assert len(shares) == len(model) <= in_all
        assert shares.clients == len(counts)
        assert max(counts.values(), default=0) <= per_client


@given(st.integers(1, 30), st.integers(2, 300))
def test_a_newcomer_gets_in_however_few_clients_hold_every_place(
    attackers: int, in_all: int
) -> None:
    """To lock out everyone, it takes as many clients as there are half the places."""
    shares: Shares[int] = Shares(in_all, in_all)
    for holder in range(in_all * 2):
        shares.take(f"attacker {holder % attackers}", holder, busy)
    assert len(shares) == in_all
    newcomer = shares.take(ADA, 10_000, busy)
    if in_all / attackers > 2:
        assert isinstance(newcomer, Admitted)


@given(st.integers(3, 50), st.integers(0, 200))
def test_who_holds_little_keeps_it_whatever_one_client_does(
    in_all: int, tries: int
) -> None:
    shares: Shares[int] = Shares(in_all, in_all)
    shares.take(ADA, -1, busy)
    shed = [shares.take("attacker", holder, busy) for holder in range(tries)]
    assert Admitted(-1) not in shed
