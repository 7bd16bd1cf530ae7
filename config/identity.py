"""[identity]: what the upstream is told about the person."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from config.distinct import read_distinct
from config.problem import Finding, Path, Wrong, did_you_mean
from config.table import Accepted, Table, key

CLAIMS = (
    "sub",
    "username",
    "x_username",
    "x_id",
    "name",
    "email",
    "picture",
    "roles",
    "scopes",
    "organization",
    "organizations",
    "organization_roles",
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+", re.ASCII)

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keepalive",
        "proxyauthenticate",
        "proxyauthorization",
        "proxyconnection",
        "te",
        "trailer",
        "upgrade",
        "http2settings",
    }
)
_FRAMING = frozenset({"contentlength", "transferencoding", "expect"})
_TAKEN = frozenset(
    {
        "accept",
        "acceptencoding",
        "authorization",
        "cachecontrol",
        "contentencoding",
        "contenttype",
        "cookie",
        "date",
        "forwarded",
        "host",
        "ifmatch",
        "ifmodifiedsince",
        "ifnonematch",
        "ifrange",
        "ifunmodifiedsince",
        "origin",
        "proxy",
        "range",
        "referer",
        "setcookie",
        "traceparent",
        "tracestate",
        "useragent",
        "via",
        "wwwauthenticate",
        "xforwardedfor",
        "xforwardedhost",
        "xforwardedport",
        "xforwardedprefix",
        "xforwardedproto",
        "xrequestid",
    }
)
TOKEN_HEADERS = {
    "pass_access_token": "X-Forwarded-Access-Token",
    "pass_id_token": "X-Forwarded-Id-Token",
}
_TAKEN_PREFIXES = ("access-control-", "sec-", "x-gateway-")


def reduced(name: str) -> str:
    """Return *name* as lenient applications compare it: only ``[a-z0-9]`` count."""
    return re.sub("[^a-z0-9]", "", name.lower())


def parse_headers(value: object) -> dict[str, str]:
    """Read the table of headers and their claims.

    Raises Wrong for each name that is not ours to send, that lenient applications
    take for another one of them, or whose claim is unknown.
    """
    if not isinstance(value, dict):
        raise Wrong('expected a table such as { "X-My-Name" = "name" }')
    found: list[Finding] = []
    try:
        read_distinct(
            ((name, name) for name in value),
            parse_header,
            lambda name: f"is the same header as {name} for many applications",
        )
    except Wrong as wrong:
        found += wrong.findings
    for name, claim in value.items():
        try:
            _check_claim(claim)
        except Wrong as wrong:
            found += wrong.within((name,))
    if found:
        raise Wrong(*found)
    return dict(value)


def parse_header(name: object) -> str:
    """Read the name of a header that carries a claim. Returns it as `reduced` does.

    Raises Wrong for what is no token, or has a meaning of its own in HTTP.
    """
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise Wrong("the header's name is not a token (RFC 9110 §5.6.2)")
    bare = reduced(name)
    if not bare:
        raise Wrong("expected a header name with letters or digits")
    if bare in _HOP_BY_HOP:
        raise Wrong("is a hop-by-hop header (RFC 9110 §7.6.1): choose another name")
    if bare in _FRAMING:
        raise Wrong("frames the message (RFC 9112 §6): choose another name")
    if bare in _TAKEN or name.lower().startswith(_TAKEN_PREFIXES):
        raise Wrong("has a meaning of its own in HTTP: choose another name")
    return bare


def _check_claim(claim: object) -> None:
    if not isinstance(claim, str):
        raise Wrong("expected the name of a claim in quotes")
    if claim not in CLAIMS and not _DOTTED.fullmatch(claim):
        raise Wrong(
            f"unknown claim{did_you_mean(claim, CLAIMS)}: expected one of "
            f'{", ".join(CLAIMS)}, or a dotted path such as "custom_data.team"'
        )


def token_headers(identity: Accepted) -> Iterator[Finding]:
    """Return that a header of *identity*, that table, is one that carries a token."""
    headers = identity.get("headers")
    for key_name, header in TOKEN_HEADERS.items():
        for name in headers if isinstance(headers, dict) else ():
            if identity.get(key_name) and reduced(name) == reduced(header):
                sentence = f"is the header that {key_name} sends the token in"
                see: Path = ("identity", key_name)
                yield Finding(("identity", "headers", name), sentence, see)


Headers = Annotated[
    dict[str, str],
    BeforeValidator(parse_headers),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class Identity(Table):
    """What the upstream is told about the person."""

    preset: Literal["forwarded", "remote-user", "none"] = key(
        'Which headers carry the identity: `"forwarded"` (`X-Forwarded-User`, …), '
        '`"remote-user"` (`Remote-User`, …) or `"none"`.',
        default="forwarded",
    )
    headers: Headers = key(
        'More headers, each with its claim, such as `{ "X-My-Name" = "name" }`.',
        default={},
    )
    pass_access_token: bool = key(
        "Send the person's access token as `X-Forwarded-Access-Token`: the one for the "
        "first of `logto.resources`, without any the one for Logto itself.",
        default=False,
    )
    pass_id_token: bool = key(
        "Send the person's ID token as `X-Forwarded-Id-Token`.", default=False
    )
