"""What can go wrong with an upstream, by name."""

from enum import StrEnum


class FailureKind(StrEnum):
    """Why an upstream gave no whole answer; the names that pages and logs use."""

    REFUSED = "refused"
    UNKNOWN_NAME = "unknown_name"
    UNTRUSTED = "untrusted"  # TLS, or its certificate
    UNREACHABLE = "unreachable"
    BUSY = "busy"  # no connection free
    CONNECT_TIMEOUT = "connect_timeout"
    TIMEOUT = "timeout"  # no response head in time
    CUT = "cut"  # closed before the answer was whole
    INVALID = "invalid"  # not HTTP
    TOO_LARGE = "too_large"  # the head of its answer


class UpstreamFailure(Exception):  # noqa: N818 - says what is the case
    """The upstream gave no answer; nothing has been sent to the client yet."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Broken(Exception):  # noqa: N818 - says what is the case
    """The exchange on one connection has failed; perhaps it can be repeated."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail

    def again(self) -> "Broken":
        """Return the same, to be raised: with a trace of its own it holds no frames."""
        return Broken(self.kind, self.detail)
