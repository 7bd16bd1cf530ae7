"""Questions to the other end of a channel, and the answers that come back."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

A = TypeVar("A")


class Unanswered(Exception):  # noqa: N818 - says what is the case
    """No answer came in time, or none will."""


class Questions(Generic[A]):
    """Questions by their numbers, each waiting for its answer."""

    def __init__(self) -> None:
        self._last = 0
        self._waiting: dict[int, asyncio.Future[A]] = {}

    async def ask(self, send: Callable[[int], None], seconds: float) -> A:
        """Return the answer to what *send* asks by the number that it is given.

        Raises Unanswered after *seconds*, and when the other end is gone.
        """
        self._last += 1
        number = self._last
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            send(number)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise Unanswered(f"no answer within {seconds:g} s") from None
        finally:
            del self._waiting[number]

    def answered(self, number: int, answer: A) -> None:
        """Hear the *answer* to the question *number*, if it is still waited for."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def close(self) -> None:
        """Have all that wait hear that there will be no answer."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unanswered("the other end is gone"))
