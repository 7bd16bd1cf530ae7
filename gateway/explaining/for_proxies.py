"""What another proxy is told where it forwards itself (forward-auth)."""

from config.settings import Settings
from gateway.fields import Field, Fields
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.identity.identity import Identity


def told_to_a_proxy(
    settings: Settings, identity: Identity | None, told: Fields
) -> list[Field]:
    """Return the fields about *identity*; *told* is what an upstream would be told."""
    names = [name for name, _ in told]
    headers = AuthRequestHeaders(settings.identity, settings.logto.sign_in, names)
    return headers.fields(identity, told)
