"""A value fetched from elsewhere when it is first needed, and kept.

One caller fetches at a time, the others wait for what it brings, a failure included;
but a failure is never kept: who comes later tries again. Without tasks: where the
caller that fetches is cancelled, the next one takes over.
"""

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

from gateway.authentication.errors import ProviderUnavailable

T = TypeVar("T")

LIFETIME = 600.0  # seconds until a value is fetched anew, in case Logto changed
PATIENCE = 30.0  # seconds that an old value serves on where it cannot be fetched
PAUSE = 10.0  # seconds between two fetches because a value may be out of date


class Kept(Generic[T]):
    """Keeps what *fetch* returns; *now* gives the time in seconds.

    *fetch* may raise ProviderUnavailable.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, now: Callable[[], float]
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._fresh_from = 0.0
        self._fresh_until = 0.0
        self._fetched_at = 0.0
        self._looked_again_at: float | None = None
        self._fetched = 0  # fetches that ended, well or not
        self._failure: ProviderUnavailable | None = None

    async def get(self) -> T:
        """Return the value; fetch it where there is none, or where it is old.

        An old value serves on while another caller fetches, and where nothing better
        can be had. Raises ProviderUnavailable where there is no value at all.
        """
        value = self._value
        if value is None:
            return await self.renew()
        if self._is_fresh() or self._lock.locked():
            return value
        try:
            return await self.renew()
        except ProviderUnavailable:
            self._keep_for(PATIENCE)
            return value

    async def recent(self, age: float) -> T:
        """Return a value that was fetched in the last *age* seconds, or is now.

        For what is of no use where Logto is away. Raises ProviderUnavailable.
        """
        value = self._value
        if value is not None and 0 <= self._now() - self._fetched_at < age:
            return value
        return await self.renew()

    def doubt(self) -> None:
        """Have no value count as recent that was fetched until now."""
        self._fetched_at = -math.inf

    async def renew(self) -> T:
        """Return a value that was still to come when the caller asked.

        Raises ProviderUnavailable where it cannot be had now.
        """
        fetched = self._fetched
        async with self._lock:
            if self._fetched == fetched:
                await self._fetch_now()
            if self._failure is not None:
                raise copy.copy(self._failure)
            return cast(T, self._value)

    async def look_again(self) -> T:
        """Return the value, fetched anew at most once in :data:`PAUSE` seconds.

        For what others can provoke. A fetch that is under way is waited for. Raises
        ProviderUnavailable where it fails.
        """
        if self._lock.locked() or self._may_look_again():
            return await self.renew()
        return await self.get()

    def _may_look_again(self) -> bool:
        now, last = self._now(), self._looked_again_at
        if last is not None and 0 <= now - last < PAUSE:
            return False
        self._looked_again_at = now
        return True

    async def _fetch_now(self) -> None:
        try:
            self._value = await self._fetch()
        except ProviderUnavailable as failure:
            self._failure = failure
        else:
            self._failure = None
            self._fetched_at = self._now()
            self._keep_for(LIFETIME)
        self._fetched += 1

    def _is_fresh(self) -> bool:
        # Both ends: a clock that was set back must not keep a value for ever.
        return self._fresh_from <= self._now() < self._fresh_until

    def _keep_for(self, lifetime: float) -> None:
        self._fresh_from = self._now()
        self._fresh_until = self._fresh_from + lifetime
