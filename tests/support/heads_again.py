"""Heads of requests that come again: what comes once is not kept."""

from gateway.proxying.known_heads import KnownHeads
from gateway.proxying.request_head import RequestHead


def read_again(heads: KnownHeads, raw: bytes) -> RequestHead:
    """Return what *raw* says when it comes for the second time, which is kept."""
    heads.read(raw)
    return heads.read(raw)
