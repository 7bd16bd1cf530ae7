"""How other proxies ask about a request: the forms of ``/.gateway/auth``."""

from collections.abc import Sequence
from enum import Enum

from tests.support.strict_http import Field

AUTH = b"/.gateway/auth"
# With it questions are answered: also those about routes that we forward.
ASKED = """
[[routes]]
path = "/asked"
upstream = "forward-auth"
access = "public"
"""
HOP_BY_HOP = {b"connection", b"upgrade", b"transfer-encoding", b"content-length"}


class Form(Enum):
    """Who asks in that way."""

    FORWARDED = "Caddy and Traefik"
    URL = "ingress-nginx"
    URI = "nginx"
    REFUSAL = "nginx, for the refusal"
    PATH = "Envoy"

    @property
    def knows_three_statuses(self) -> bool:
        """Whether the proxy takes anything but 2xx, 401 and 403 for an error."""
        return self in {Form.URL, Form.URI}


def question(  # noqa: PLR0913 - the parts of a request
    form: Form,
    target: bytes,
    fields: Sequence[Field] = (),
    *,
    host: bytes,
    method: bytes = b"GET",
    scheme: bytes = b"http",
) -> bytes:
    """Return the request by which a proxy asks about one with *method* and *target*.

    *fields* came with that one; a proxy keeps those of a connection to itself.
    """
    own = [field for field in fields if field[0].lower() not in HOP_BY_HOP]
    asked, line = AUTH, b"GET"
    match form:
        case Form.FORWARDED:
            own += [
                (b"Host", b"gateway:8080"),
                (b"X-Forwarded-Method", method),
                (b"X-Forwarded-Proto", scheme),
                (b"X-Forwarded-Host", host),
                (b"X-Forwarded-Uri", target),
            ]
        case Form.URL:
            own += [
                (b"Host", b"gateway:8080"),
                (b"X-Original-Method", method),
                (b"X-Original-URL", scheme + b"://" + host + target),
            ]
        case Form.URI | Form.REFUSAL:
            own += [
                (b"Host", host),
                (b"X-Original-Method", method),
                (b"X-Original-URI", target),
            ]
            asked += b"?refusal" if form is Form.REFUSAL else b""
        case Form.PATH:
            own.append((b"Host", host))
            asked, line = AUTH + target, method
    lines = b"".join(b"%b: %b\r\n" % field for field in own)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (line, asked, lines)
