"""The shortest answer, for what is not worth or not able to get a page."""

from http import HTTPStatus

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode("ascii"))
    for status in HTTPStatus
}


def status_line(status: int) -> bytes:
    """Return the status line for *status*, with the standard phrase."""
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def plain_answer(status: int, reason: str, date: bytes) -> bytes:
    """Return a whole answer that says *reason*, after which the connection closes."""
    body = reason.encode("ascii", "replace") + b"\n"
    return (
        b"%bDate: %b\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%b"
    ) % (status_line(status), date, len(body), body)
