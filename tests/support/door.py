"""A door that others wait at, and that tells when somebody does."""

import asyncio
from typing import Literal


class Door(asyncio.Event):
    """Closed until it is set; ``reached`` is set once somebody waits at it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()
