"""What Logto says about itself (OpenID Connect Discovery 1.0, section 4).

The issuer must be `<logto.endpoint>/oidc` to the letter (section 4.3): Logto's name
for itself is fixed by its own ENDPOINT, so another name means that the configuration
reaches it by a name that is not its own. Every endpoint must lie at the issuer's
origin, by https (by http on loopback only): the client secret and the codes go there,
so a document cannot send them elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
)

# What Logto signs with, and its relatives: asymmetric ones only. `none` and HS* are
# not here, so that no document can bring them in (RFC 8725 section 3.1).
KNOWN_ALGORITHMS = frozenset(
    {
        *("ES256", "ES384", "ES512"),
        *("RS256", "RS384", "RS512"),
        *("PS256", "PS384", "PS512"),
    }
)
LONGEST_URL = 2048  # characters


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The part of the discovery document that the gateway uses; all of it checked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str  # "" = has none
    revocation_endpoint: str  # "" = has none
    algorithms: frozenset[str]  # of ID tokens
    names_itself_in_callbacks: bool  # RFC 9207 section 3


def discovery_url(endpoint: str) -> str:
    """Return the address of the discovery document of the Logto at *endpoint*."""
    return f"{endpoint}/oidc/.well-known/openid-configuration"


def parse_metadata(document: Mapping[str, object], endpoint: str) -> ProviderMetadata:
    """Return the checked *document* of the Logto at *endpoint* (no trailing slash).

    Raises ProviderUnavailable for a document that is not one, and
    ProviderMisconfigured where it speaks of another provider than the one configured.
    """
    issuer = _text(document, "issuer")
    if issuer != f"{endpoint}/oidc":
        raise ProviderMisconfigured(
            f"logto.endpoint is {endpoint}, but the Logto there is {issuer[:100]}: "
            "its ENDPOINT and logto.endpoint must be the same."
        )

    def url(name: str, *, optional: bool = False) -> str:
        if optional and document.get(name) is None:
            return ""
        return _endpoint(document, name, issuer)

    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=url("authorization_endpoint"),
        token_endpoint=url("token_endpoint"),
        userinfo_endpoint=url("userinfo_endpoint"),
        jwks_uri=url("jwks_uri"),
        end_session_endpoint=url("end_session_endpoint", optional=True),
        revocation_endpoint=url("revocation_endpoint", optional=True),
        algorithms=_algorithms(document),
        names_itself_in_callbacks=document.get(
            "authorization_response_iss_parameter_supported"
        )
        is True,
    )


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_URL:
        raise ProviderUnavailable(f"Logto's discovery document has no {name}.")
    return value


def _endpoint(document: Mapping[str, object], name: str, issuer: str) -> str:
    value = _text(document, name)
    ours = urlsplit(issuer)
    origin = f"{ours.scheme}://{ours.netloc}/"
    plain = value.isascii() and value.isprintable() and not set(value) & set(' \\#?@"')
    # The SDK appends "?…" to an endpoint, so one with a query cannot be used.
    if not plain or not value.startswith(origin) or not _is_safe(ours.scheme, issuer):
        raise ProviderMisconfigured(
            f"Logto's {name} is {value[:100]}: it must lie at {origin}, and be https "
            "off loopback (behind a TLS proxy Logto needs TRUST_PROXY_HEADER=1)."
        )
    return value


def _is_safe(scheme: str, url: str) -> bool:
    return scheme == "https" or (scheme == "http" and _is_loopback(url))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _algorithms(document: Mapping[str, object]) -> frozenset[str]:
    advertised = document.get("id_token_signing_alg_values_supported")
    if not isinstance(advertised, list):
        raise ProviderUnavailable(
            "Logto's discovery document names no signing algorithms."
        )
    algorithms = KNOWN_ALGORITHMS & {v for v in advertised if isinstance(v, str)}
    if not algorithms:
        raise ProviderMisconfigured(
            "Logto offers no algorithm that can be trusted to sign ID tokens "
            f"(known: {', '.join(sorted(KNOWN_ALGORITHMS))})."
        )
    return algorithms
