"""When a worker that ended is started again."""

LASTING = 10.0  # seconds after which a worker has not failed at the start
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds


class Restarts:
    """The pauses for one worker's place.

    One that had served for a while is replaced at once; the pause doubles with each
    that ends soon after it was started.
    """

    def __init__(self) -> None:
        self._failures = 0

    def pause(self, lasted: float) -> float:
        """Return how many seconds to wait after one that *lasted* so many."""
        if lasted >= LASTING:
            self._failures = 0
        self._failures += 1
        if self._failures == 1:
            return 0.0
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 2, 10))
