"""[logto]: the Logto application that signs people in."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from config.credentials import Resource
from config.origin import parse_origin
from config.problem import Wrong
from config.table import AsString, Many, Table, key
from config.units import Duration

EXAMPLE = "https://tenant.logto.app"
PLACEHOLDER = "..."
"""What stands in examples for what only the operator knows."""

_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_ORGANIZATION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SIGN_IN = re.compile(r"(?:(?:social|sso):[A-Za-z0-9_-]+)?", re.ASCII)


def parse_endpoint(value: object) -> str:
    """Read Logto's endpoint. Returns it without a final slash.

    Raises Wrong for a path and for plain http off loopback.
    """
    origin = parse_origin(value, EXAMPLE)
    if not origin.is_https and not origin.is_loopback:
        raise Wrong(
            "expected https: over plain http only a loopback address "
            "keeps the application's secret"
        )
    return str(origin)


def _visible(text: str) -> str:
    if not text:
        raise Wrong("is empty")
    if not _VISIBLE.fullmatch(text):
        raise Wrong("expected visible ASCII characters only, without spaces")
    return text


def _from_logto(text: str) -> str:
    """Return what the operator copied from Logto. Raises Wrong for the example's."""
    if text == PLACEHOLDER:
        raise Wrong(
            "is still the example's: copy yours from Logto's console, "
            "Applications, this application's settings"
        )
    return _visible(text)


def _secret(secret: SecretStr) -> SecretStr:
    _from_logto(secret.get_secret_value())
    return secret


def _optional_secret(secret: SecretStr) -> SecretStr:
    return _secret(secret) if secret.get_secret_value() else secret


def _sign_in(text: str) -> str:
    if not _SIGN_IN.fullmatch(text):
        raise Wrong(
            'expected "social:x", "sso:<connector id>", or "" for Logto\'s own page'
        )
    return text


def _organization(text: str) -> str:
    if text and not _ORGANIZATION.fullmatch(text):
        raise Wrong("expected the id of an organization in Logto, or nothing")
    return text


Scope = Annotated[str, AfterValidator(_visible)]


class Logto(Table):
    """The Logto application that signs people in."""

    endpoint: Annotated[str, BeforeValidator(parse_endpoint), AsString] = key(
        "The address of your Logto tenant, without a path.",
        example=EXAMPLE,
    )
    app_id: Annotated[str, AfterValidator(_from_logto)] = key(
        "App ID of the application (type: traditional web) in Logto.",
        example=PLACEHOLDER,
    )
    app_secret: Annotated[SecretStr, AfterValidator(_secret)] = key(
        "App secret of that application.",
        example=PLACEHOLDER,
    )
    app_secret_file: str = key(
        "File that holds `app_secret`, instead of it.", default=""
    )
    sign_in: Annotated[str, AfterValidator(_sign_in)] = key(
        'Where people sign in: `"social:x"` goes straight to X, '
        '`"sso:<connector id>"` to the sign-in of a company, '
        '`""` to the sign-in page of Logto.',
        default="social:x",
    )
    scopes: Annotated[tuple[Scope, ...], Many] = key(
        "Scopes to ask for, beside `openid` and `offline_access`; "
        "the X handle and id come with `identities`.",
        default=["profile", "email", "identities", "roles"],
    )
    resources: Annotated[tuple[Resource, ...], Many] = key(
        "API resources that are registered in Logto, by their indicators, such as "
        "`https://api.example.com`; bearers must be for one of them, and `scopes` of "
        "rules come from them.",
        default=[],
    )
    organization: Annotated[str, AfterValidator(_organization)] = key(
        "Id of the organization in Logto that everybody acts for; empty lets people "
        "of several choose one, where rules or headers are about organizations.",
        default="",
    )
    webhook_signing_key: Annotated[SecretStr, AfterValidator(_optional_secret)] = key(
        "Signing key of the webhook at `/.gateway/hooks/logto`, which tells who was "
        "suspended or deleted; empty turns that address off.",
        default="",
    )
    webhook_signing_key_file: str = key(
        "File that holds `webhook_signing_key`, instead of it.", default=""
    )
    ca_file: str = key(
        "PEM file with the authorities to trust for Logto; empty is the system's.",
        default="",
    )
    timeout: Duration = key(
        "How long one request to Logto may take; a refresh three times as long.",
        default="5s",
    )
