"""[session]: the cookie that remembers who is signed in."""

import base64
import binascii
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from config.distinct import read_distinct
from config.problem import Wrong
from config.redis_url import RedisAddress, parse_redis_url
from config.table import AsString, Table, key
from config.units import Duration, Size, between

KEY_SIZE = 32

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)
_COOKIE_NAME = re.compile(
    r"(?:__Host-|__Secure-)?[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII
)
_KEYGEN = "`gateway keygen` makes a new one"


def new_key(random_bytes: bytes) -> str:
    """Return 32 random bytes as the operator writes them (base64url, RFC 4648 §5)."""
    return base64.urlsafe_b64encode(random_bytes).decode().rstrip("=")


def parse_key(value: object) -> bytes:
    """Read one key. Raises Wrong unless it is 32 bytes in base64url."""
    if not isinstance(value, str):
        raise Wrong(f"expected a key in quotes; {_KEYGEN}")
    if value == "...":
        raise Wrong(f"is still the example's; {_KEYGEN}")
    key = _decode(value)
    if len(key) < KEY_SIZE:
        raise Wrong(
            f"the key is too short: {len(key)} bytes instead of {KEY_SIZE}; {_KEYGEN}"
        )
    if len(key) > KEY_SIZE:
        raise Wrong(
            f"the key is too long: {len(key)} bytes instead of {KEY_SIZE}; {_KEYGEN}"
        )
    return key


def _decode(text: str) -> bytes:
    if _BASE64URL.fullmatch(text):
        bare = text.rstrip("=")
        try:
            return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        except binascii.Error:
            pass
    raise Wrong(f"the key is malformed: expected base64url; {_KEYGEN}")


def parse_keys(value: object) -> tuple[bytes, ...]:
    """Read the list of keys. Raises Wrong for each that is wrong or repeated."""
    if not isinstance(value, list):
        raise Wrong(f'expected a list of keys, such as ["..."]; {_KEYGEN}')
    if not value:
        raise Wrong(f"there is no key: expected at least one; {_KEYGEN}")
    return read_distinct(
        enumerate(value),
        parse_key,
        lambda place: f"the key is repeated: it is also keys[{place}]",
    )


def _cookie_name(name: str) -> str:
    if name and not _COOKIE_NAME.fullmatch(name):
        raise Wrong(
            "expected letters, digits, - and _ after an optional __Host- "
            "(or __Secure-) in just this spelling"
        )
    return name


Keys = Annotated[
    tuple[bytes, ...],
    BeforeValidator(parse_keys),
    WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1}),
    Field(repr=False),
]


class Session(Table):
    """The cookie that remembers who is signed in."""

    keys: Keys = key(
        "Keys that seal the cookies, newest first; "
        "the rest still open older cookies. `gateway keygen` makes one.",
        example=["..."],
    )
    keys_file: str = key(
        "File that holds `keys`, one a line, instead of them.", default=""
    )
    cookie_name: Annotated[str, AfterValidator(_cookie_name)] = key(
        "Name of the cookie; empty is `__Host-gateway`, "
        "over http `gateway-<port of public_url>`.",
        default="",
    )
    same_site: Literal["lax", "strict", "none"] = key(
        '`SameSite` of the cookie; `"none"` is for applications '
        "that other sites show in a frame.",
        default="lax",
    )
    max_cookie_size: Annotated[Size, between("512B", "14KiB")] = key(
        "Most that the session's cookie may take, with its attributes; over 3.5KiB "
        "it is sent in chunks, and a proxy in front may need larger header buffers.",
        default="3.5KiB",
    )
    store: Literal["cookie", "redis"] = key(
        "Where sessions live: in the browsers' cookies, or in Redis (or Valkey), which "
        "several gateways can share; the cookie then holds a reference.",
        default="cookie",
    )
    redis_url: Annotated[
        RedisAddress | None, BeforeValidator(parse_redis_url), AsString
    ] = key(
        'Address of Redis, with user and password: `"redis://…"`, over TLS '
        '`"rediss://…"`, or `"unix:///path?db=0"`.',
        default="",
    )
    redis_url_file: str = key("File that holds `redis_url`, instead of it.", default="")
    redis_ca_file: str = key(
        "PEM file with the authorities to trust for Redis; empty is the system's.",
        default="",
    )
    redis_connections: Annotated[int, Field(ge=1, le=1000)] = key(
        "Most connections to Redis at a time; who comes later waits for one, for "
        "`redis_timeout`.",
        default=20,
    )
    redis_connect_timeout: Duration = key(
        "How long connecting to Redis may take.", default="1s"
    )
    redis_timeout: Duration = key(
        "How long one answer of Redis may take.", default="1s"
    )
    idle_timeout: Duration = key(
        "A session ends when it is not used for so long.", default="12h"
    )
    max_age: Duration = key("A session ends so long after signing in.", default="7d")
    revalidate: Duration = key(
        "How often Logto is asked whether a session still holds, and who it is.",
        default="10m",
    )
