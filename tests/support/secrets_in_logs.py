"""What must never stand in a log line, and a way to look for it (attack 36)."""

import re

from tests.support.running_gateway import KEY

# A JWT (RFC 7515, section 3.1); a cookie of ours with a value; parameters of the way
# to Logto and back; the secrets that every test uses. Codes, states, nonces, verifiers,
# access and refresh tokens are 32 random bytes: 43 characters of every kind.
_SECRETS = re.compile(
    r"eyJ[\w-]{10,}\.[\w-]+"
    r"|(?:__Host-gateway|gateway-\d+)[\w.-]*=[\w-]+"
    r"|[?&](?:code|state|code_verifier|nonce|id_token_hint)="
    rf"|demo-secret|{KEY}"
    r"|(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43}(?![\w-])",
    re.ASCII,
)


def secrets_in(text: str) -> list[str]:
    """Return the secrets found in *text*, with what stands around them."""
    return [
        text[max(0, found.start() - 100) : found.end() + 40]
        for found in _SECRETS.finditer(text)
    ]
