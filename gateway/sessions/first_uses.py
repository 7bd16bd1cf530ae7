"""What is good once: whoever comes with it first has used it up."""

from hashlib import sha256

from gateway.sessions.remembered import Remembered

MOST_REMEMBERED = 50_000  # about ten megabytes


class FirstUses:
    """The names that were used, each until a time of its own."""

    __slots__ = ("_used",)

    def __init__(self, limit: int = MOST_REMEMBERED) -> None:
        self._used = Remembered(limit)

    def first_use(self, name: str, until: float, now: float) -> bool:
        """Tell whether *name* is used for the first time, and remember that.

        Ask for what was verified only: strangers shall not fill the memory.  Times in
        unix seconds; it is remembered until *until*.
        """
        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if self._used.holds(digest, now):
            return False
        self._used.add(digest, until, now)
        return True
