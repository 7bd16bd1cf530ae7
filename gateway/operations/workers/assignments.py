"""Who accepts from which listeners, while not all workers are there.

Each worker has listeners of its own.  What comes to those of one that is away waits for
nobody: another takes them over until it is back.
"""

from collections.abc import Container, Mapping


def assigned(
    workers: int, ready: Container[int], before: Mapping[int, int]
) -> dict[int, int]:
    """Return which worker accepts from the listeners of each of so many *workers*.

    Both count from 1.  Only workers that are *ready* accept; whoever took something
    over keeps it as long as its owner is away.  *before* is what this returned before.
    """
    takers = [number for number in range(1, workers + 1) if number in ready]
    chosen: dict[int, int] = {}
    for owner in range(1, workers + 1):
        keeper = before.get(owner)
        if owner in ready:
            chosen[owner] = owner
        elif keeper is not None and keeper in ready:
            chosen[owner] = keeper
        elif takers:
            chosen[owner] = min(
                takers, key=lambda one: (list(chosen.values()).count(one), one)
            )
    return chosen
