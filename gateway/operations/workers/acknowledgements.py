"""Which members have heard of which marks.

Marks have numbers that grow; a member confirms the last one that counts there.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class _Member:
    heard: int  # the last mark that it confirmed
    behind_since: float | None = None


class Acknowledgements:
    """Keeps count for all members; times in seconds, of one clock."""

    def __init__(self) -> None:
        self._last = 0
        self._members: dict[int, _Member] = {}

    @property
    def last(self) -> int:
        """The number of the last mark."""
        return self._last

    def joined(self, member: int) -> None:
        """Hear that *member* knows all that counts now, and is told from now on."""
        self._members[member] = _Member(self._last)

    def left(self, member: int) -> None:
        """Hear that *member* is gone: it serves nobody."""
        self._members.pop(member, None)

    def mark(self, source: int, now: float) -> list[int]:
        """Count one more mark, which *source* knows, and return who is to be told."""
        self._last += 1
        told = []
        for number, member in self._members.items():
            if number == source and member.behind_since is None:
                member.heard = self._last
                continue
            if member.behind_since is None:
                member.behind_since = now
            told.append(number)
        return told

    def heard(self, member: int, number: int, now: float) -> None:
        """Hear that *member* confirms all marks up to *number*."""
        known = self._members.get(member)
        if known is None:
            return
        known.heard = max(known.heard, min(number, self._last))
        known.behind_since = None if known.heard == self._last else now

    def all_heard(self, number: int) -> bool:
        """Tell whether all members have heard of the marks up to *number*."""
        return all(member.heard >= number for member in self._members.values())

    def deaf(self, seconds: float, now: float) -> list[int]:
        """Return those who have confirmed nothing for *seconds* though they should."""
        return [
            number
            for number, member in self._members.items()
            if member.behind_since is not None and now - member.behind_since >= seconds
        ]
