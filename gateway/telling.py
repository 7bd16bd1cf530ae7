"""What upstreams are told about people: plain headers, and a signed statement."""

import secrets
from dataclasses import dataclass, field

from aiohttp import web

from config.settings import Settings
from gateway.fields import Field, lines
from gateway.identity.assertion import Assertions, Terms
from gateway.identity.assertion_keys import key_set
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity
from gateway.identity.reserved_names import ReservedNames
from gateway.operations.assertion_key_file import load_keys
from gateway.pages.rendered import Rendered
from gateway.sessions.bearer import Bearer
from gateway.sessions.sent_tokens import ACCESS_TOKEN, ID_TOKEN
from gateway.sessions.session import Session
from gateway.visit import Visit, respond

# Verifiers keep it for a while: a new key is published before it signs.
_JWKS = (
    (b"Content-Type", b"application/jwk-set+json"),
    (b"Cache-Control", b"public, max-age=300"),
)


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells upstreams who it is; without *assertions* by plain headers alone."""

    headers: IdentityHeaders
    reserved: ReservedNames  # that only the gateway may send
    header: bytes
    assertions: Assertions | None
    jwks: bytes | None
    access_token: bool = False  # whether it is sent
    id_token: bool = False
    _tells_more: bool = field(init=False)  # than plain headers

    def __post_init__(self) -> None:
        more = self.assertions is not None or self.access_token or self.id_token
        object.__setattr__(self, "_tells_more", more)

    @classmethod
    def of(cls, settings: Settings) -> "Telling":
        """Return what *settings* ask for (blocking).

        Raises StartFailed where there are no keys for assertions.
        """
        headers = IdentityHeaders(settings.identity, settings.logto.sign_in)
        wanted = settings.assertion
        names = [*(name.decode("ascii") for name in headers.names), wanted.header]
        assertions = jwks = None
        if wanted.enabled:
            keys = load_keys(wanted.keys, settings.server.state_directory)
            terms = Terms(
                issuer=str(settings.server.public_url),
                audience=wanted.audience,
                lifetime=int(wanted.lifetime),
                x_handle=settings.logto.sign_in == "social:x",
            )
            assertions = Assertions(terms, keys, secrets.token_urlsafe)
            jwks = key_set(keys)
        header = wanted.header.encode("ascii")
        return cls(
            headers,
            ReservedNames(names),
            header,
            assertions,
            jwks,
            settings.identity.pass_access_token,
            settings.identity.pass_id_token,
        )

    @property
    def names(self) -> frozenset[bytes]:
        """The names of all fields that may tell about somebody."""
        return self.headers.names | {self.header, *self.token_names}

    @property
    def token_names(self) -> tuple[bytes, ...]:
        """The names of the fields with tokens, where any are sent."""
        access = (ACCESS_TOKEN,) if self.access_token else ()
        return (*access, *((ID_TOKEN,) if self.id_token else ()))

    def fields(
        self, identity: Identity | None, who: Session | Bearer | None, visit: Visit
    ) -> tuple[Field, ...]:
        """Return the fields that tell about *identity*, as *who* came."""
        fields = self.headers.fields(identity)
        if identity is None or not self._tells_more:
            return fields
        if isinstance(who, Session) and who.tokens is not None:
            sent = who.tokens.fields(
                visit.now, access=self.access_token, id_token=self.id_token
            )
            fields = (*fields, *sent)
        if self.assertions is None or who is None:
            return fields
        assertion = self.assertions.of(
            who.id, identity, visit.received.origin, visit.now
        )
        return (*fields, (self.header, assertion))

    def lines(
        self, identity: Identity | None, who: Session | Bearer | None, visit: Visit
    ) -> bytes:
        """Return the same as lines of a head; plain headers are kept as such."""
        if self._tells_more:
            return lines(self.fields(identity, who, visit))
        return self.headers.lines(identity)

    async def key_set(self, _visit: Visit) -> web.Response:
        """Answer with the public keys, for whoever asks."""
        return respond(Rendered(200, _JWKS, self.jwks or b'{"keys": []}'))
