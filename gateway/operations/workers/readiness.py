"""May new requests come to this gateway, as its workers see it?"""

from collections.abc import Mapping


def why_not_ready(workers: Mapping[int, str]) -> str | None:
    """Return why no new request should come; None where it may.

    *workers* are those that accept connections, by their numbers, each with its trouble
    ("" for none).  Nobody chooses the worker that a connection comes to, so one that
    cannot serve people is reason enough.  One that is away is none: another has taken
    over what comes to it.
    """
    if not workers:
        return "no worker"
    troubled = [number for number, trouble in sorted(workers.items()) if trouble]
    if not troubled:
        return None
    reason = workers[troubled[0]]
    if len(troubled) == len(workers):
        return reason
    return f"worker {troubled[0]}: {reason}"
