"""How many requests are being answered, and waiting until none is."""

import asyncio


class OpenRequests:
    """Counts requests from their head to the end of their answer."""

    def __init__(self) -> None:
        self.count = 0
        self._none_left: asyncio.Event | None = None

    def begin(self) -> None:
        """Count one more."""
        self.count += 1

    def end(self) -> None:
        """Count one less."""
        self.count -= 1
        if self._none_left is not None and not self.count:
            self._none_left.set()

    async def drained(self, seconds: float) -> bool:
        """Wait until none is open, *seconds* at the most.  Return whether."""
        if not self.count:
            return True
        self._none_left = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                await self._none_left.wait()
        except TimeoutError:
            return False
        return True
