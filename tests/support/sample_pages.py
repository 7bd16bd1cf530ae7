"""One of every page, as a person would meet it, or with one text in every slot."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gateway.identity.identity import Identity
from gateway.pages.own_sessions import OwnSession
from gateway.pages.page import (
    Account,
    AccountSignedOut,
    AnotherPerson,
    Arriving,
    AskSignOut,
    BadRequest,
    BearerForbidden,
    BearerInvalid,
    BearerOdd,
    BearerRequired,
    BearerUndecided,
    ChooseOrganization,
    CrossSite,
    Forbidden,
    ForProxiesOnly,
    InternalError,
    MethodNotAllowed,
    NoOrganization,
    NotFound,
    OnlyForwardAuth,
    OrganizationRequired,
    Page,
    ProviderAway,
    SessionsAway,
    SessionTooLarge,
    SignedOut,
    SignInFailed,
    SignInFrame,
    SignInLoop,
    SignInMissing,
    SignInNotRepeated,
    SignInRequired,
    SignInTooOld,
    TooManyBearers,
    TooManyRequests,
    TooManySignIns,
    TooManyUpgrades,
    UnknownHost,
    UpstreamAway,
)
from gateway.proxying.failure import FailureKind

ADA: Final = Identity(
    sub="f5ndkk0q1i3c",
    username=None,
    x_username="ada",
    x_id="2244994945",
    name="Ada Lovelace",
    email="ada@example.com",
    email_verified=True,
    picture="https://pbs.example.com/ada.jpg",
)
MEMBER: Final = replace(
    ADA,
    organizations=("acme", "umbrella"),
    organization="acme",
    organization_names=(("acme", "Acme, Inc."),),
)
NOW: Final = 1_795_366_800.0

PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {
        "signed-out": SignedOut(),
        "signed-out-logto-away": SignedOut(
            logto_session_may_live=True, refresh_token_may_live=True
        ),
        "ask-sign-out": AskSignOut(),
        "sign-in-failed": SignInFailed(
            "Logto said: the authorization code has expired.", "/lab/tree?reset"
        ),
        "sign-in-missing": SignInMissing("/lab/tree?reset"),
        "sign-in-loop": SignInLoop("/lab/tree"),
        "arriving": Arriving("/lab/tree?reset"),
        "provider-away": ProviderAway("/lab/tree"),
        "sign-in-frame": SignInFrame("/lab/tree"),
        "sign-in-required": SignInRequired("/lab/tree"),
        "sign-in-too-old": SignInTooOld(900, "/lab/tree"),
        "sign-in-too-old-form": SignInTooOld(900, "/lab", "POST /lab/delete"),
        "sign-in-too-old-frame": SignInTooOld(900, "/lab", in_frame=True),
        "sign-in-not-repeated": SignInNotRepeated("/lab/tree"),
        "another-person": AnotherPerson(ADA, "/lab/tree"),
        "forbidden": Forbidden(ADA, return_to="/lab/tree"),
        "forbidden-with-reason": Forbidden(ADA, "It is not on the list.", "/lab"),
        "forbidden-for-members": Forbidden(
            MEMBER, without_organization=True, may_change=True
        ),
        "choose-organization": ChooseOrganization(MEMBER, "/lab"),
        "organization-required": OrganizationRequired("/lab"),
        "organization-required-in-frame": OrganizationRequired("/lab", in_frame=True),
        "no-organization": NoOrganization(),
        "bearer-required": BearerRequired(),
        "bearer-odd": BearerOdd("Authorization came more than once."),
        "bearer-invalid": BearerInvalid("The access token has expired."),
        "bearer-forbidden": BearerForbidden(),
        "bearer-without-scope": BearerForbidden(("read:orders", "write:orders")),
        "bearer-undecided": BearerUndecided(),
        "too-many-bearers": TooManyBearers(1),
        "cross-site": CrossSite(),
        "for-proxies-only": ForProxiesOnly(),
        "only-forward-auth": OnlyForwardAuth(),
        **{
            f"upstream-{kind}": UpstreamAway(kind) for kind in (*FailureKind, "unnamed")
        },
        "not-found": NotFound("/lab/missing"),
        "method-not-allowed": MethodNotAllowed(("GET", "HEAD"), "DELETE"),
        "bad-request": BadRequest("the path holds a dot segment"),
        "unknown-host": UnknownHost(
            ("app.example.com", "*.lab.example.com"), "old.example.com"
        ),
        "too-many-requests": TooManyRequests(1),
        "too-many-sign-ins": TooManySignIns(6),
        "too-many-upgrades": TooManyUpgrades(10),
        "session-too-large": SessionTooLarge(5120, 3584),
        "sessions-away": SessionsAway(),
        "account": Account(
            ADA,
            signed_in_at=NOW - 7_500,
            ends_at=NOW + 39_600,
            headers=(
                (b"X-Forwarded-User", b"f5ndkk0q1i3c"),
                (b"X-Forwarded-Preferred-Username", b"ada"),
                (b"X-Forwarded-Email", b"ada@example.com"),
                (b"X-Forwarded-Name", b"Ada Lovelace"),
            ),
            now=NOW,
        ),
        "account-with-sessions": Account(
            ADA,
            signed_in_at=NOW - 7_500,
            ends_at=NOW + 39_600,
            headers=((b"X-Forwarded-User", b"f5ndkk0q1i3c"),),
            now=NOW,
            sessions=(
                OwnSession(
                    "s1",
                    "Firefox on Linux",
                    "app.example.com",
                    NOW - 7_500,
                    NOW,
                    is_this=True,
                ),
                OwnSession(
                    "s2",
                    "Safari on iPhone",
                    "app.example.com",
                    NOW - 200_000,
                    NOW - 4_000,
                    is_this=False,
                ),
                OwnSession(
                    "s3", "", "lab.example.com", NOW - 90, NOW - 80, is_this=False
                ),
            ),
        ),
        "account-of-a-member": Account(
            MEMBER, NOW, NOW, headers=(), now=NOW, chooses=True
        ),
        "account-signed-out": AccountSignedOut(),
        "internal-error": InternalError(),
    }
)


def identity_of(text: str) -> Identity:
    """Return an identity that has *text* wherever it holds a text."""
    return Identity(
        sub=text,
        username=text,
        x_username=text,
        x_id=text,
        name=text,
        email=text,
        email_verified=False,
        picture=text,
        organizations=(text, f"{text}2"),
        organization=text,
        organization_names=((text, text), (f"{text}2", text)),
    )


def _account(text: str) -> Page:
    raw = text.encode("utf-8", "surrogatepass")
    return Account(identity_of(text), NOW, NOW, ((raw, raw),), NOW)


# Each page that shows a text from elsewhere, with that text in every slot.
FILLED: Final[Mapping[str, Callable[[str], Page]]] = MappingProxyType(
    {
        "sign-in-failed": lambda text: SignInFailed(text, text),
        "sign-in-missing": SignInMissing,
        "sign-in-loop": SignInLoop,
        "provider-away": ProviderAway,
        "sign-in-frame": SignInFrame,
        "sign-in-required": SignInRequired,
        "sign-in-too-old": lambda text: SignInTooOld(900, text, text),
        "sign-in-not-repeated": SignInNotRepeated,
        "another-person": lambda text: AnotherPerson(identity_of(text)),
        "forbidden": lambda text: Forbidden(identity_of(text), text, text),
        "choose-organization": lambda text: ChooseOrganization(identity_of(text), text),
        "organization-required": OrganizationRequired,
        "bearer-odd": BearerOdd,
        "bearer-invalid": BearerInvalid,
        "bearer-forbidden": lambda text: BearerForbidden((), text),
        "not-found": NotFound,
        "method-not-allowed": lambda text: MethodNotAllowed(("GET",), text),
        "bad-request": BadRequest,
        "upstream-away": UpstreamAway,
        "unknown-host": lambda text: UnknownHost((text,) * 20, text),
        "account": _account,
        "own-sessions": lambda text: Account(
            ADA,
            NOW,
            NOW,
            (),
            NOW,
            sessions=(OwnSession("s1", text, text, NOW, NOW, is_this=False),),
        ),
        "account-signed-out": AccountSignedOut,
    }
)
