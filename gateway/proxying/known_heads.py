"""Reads whole heads of requests, each of those that came before by one look-up."""

from gateway.known import Known
from gateway.proxying.request_head import (
    MOST_FIELDS,
    RequestHead,
    RequestRefused,
    parse_request_head,
)

MOST = 1024  # heads
_LONGEST_TARGET = 1024  # bytes, of a head that is remembered


class KnownHeads:
    """What the heads of requests say; the same bytes give the same RequestHead.

    A head has at most *most_fields* fields, and *path_length* bytes of its target up to
    the query.  Whatever clients send, what is remembered of heads takes at most 24 MiB:
    15 KiB each for MOST of the worst (64 short fields in 4 KiB), and as much for the
    Meanings that are remembered apart from them.  Line notes come on top: at most eight
    for each head, whose size is up to who keeps them.
    """

    __slots__ = ("_known", "_most_fields", "_path_length", "get")

    def __init__(self, most_fields: int, path_length: int) -> None:
        self._most_fields = most_fields
        self._path_length = path_length
        self._known: Known[RequestHead] = Known(MOST, from_second=True)
        self.get = self._known.get  # by all bytes of a head that came before, or None

    def read(self, raw: bytes) -> RequestHead:
        """Return what *raw* says: a head with its empty line, and nothing behind it.

        Raises RequestRefused: see parse_request_head(), and 414 for a long path.
        """
        head = self.get(raw)
        if head is not None:
            return head
        head = parse_request_head(raw[:-4], self._most_fields)
        if len(head.target) > self._path_length:
            _check_path(head.target, self._path_length)
        if len(head.target) <= _LONGEST_TARGET and len(head.fields) <= MOST_FIELDS:
            self._known.add(raw, head)
        return head


def _check_path(target: bytes, longest: int) -> None:
    """Raise RequestRefused where *target*'s path is longer: 414 (RFC 9110 §15.5.15).

    What a path may mean takes work in proportion to its length, and more than a query.
    """
    if len(target.partition(b"?")[0]) > longest:
        reason = f"the path is longer than {longest} bytes"
        raise RequestRefused(414, reason, limit="path_length")
