"""The mark of an answer that was written to the client already."""

from aiohttp import web


class Relayed(web.StreamResponse):
    """An answer that has been sent; *keep_alive* says whether another may follow.

    Answers with the same head share one: nobody may change it.
    """

    def __init__(self, status: int, *, keep_alive: bool) -> None:
        # StreamResponse's own makes headers and a state that nobody looks at.
        self._status = status
        self._keep_alive = keep_alive
        self._eof_sent = True  # aiohttp: prepared and finished
