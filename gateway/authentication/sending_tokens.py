"""Which of a person's tokens applications are sent: the operator's choice.

The access token is the one for the first of ``logto.resources``, a JWT that the
application can verify; without any it is the opaque one, which only Logto understands.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from config.settings import Settings
from gateway.authentication.permitted import Granted
from gateway.sessions.sent_tokens import SentTokens
from gateway.sessions.session import Session


class Given(Protocol):
    """What Logto gave at a sign-in or a refresh; times in unix seconds."""

    @property
    def access_token(self) -> str:
        """The opaque one."""
        ...

    @property
    def access_until(self) -> int:
        """When it ends."""
        ...

    @property
    def id_token(self) -> str:
        """The ID token."""
        ...

    @property
    def expires_at(self) -> int:
        """When that ends."""
        ...


@dataclass(frozen=True, slots=True)
class SendingTokens:
    """Whether *access* and *id_token* are sent; the access token is for *resource*."""

    access: bool = False
    id_token: bool = False
    resource: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "SendingTokens":
        """Return what *settings* say."""
        identity, resources = settings.identity, settings.logto.resources
        access = identity.pass_access_token
        first = resources[0] if resources and access else ""
        return cls(access, identity.pass_id_token, first)

    def into(self, session: Session, given: Given, granted: Granted | None) -> Session:
        """Return *session* with what is to be sent of *given*, and nothing else.

        *granted* is the access token for the resource, None where Logto has none. The
        session is renewed before the first of them ends.
        """
        if not self.access and not self.id_token:
            return replace(session, tokens=None)
        opaque = Granted(given.access_token, given.access_until)
        access = granted if self.resource else opaque
        tokens = SentTokens(
            *((access.token, access.until) if access and self.access else ("", 0)),
            *((given.id_token, given.expires_at) if self.id_token else ("", 0)),
        )
        renewable = session.refresh_token is not None
        ends = min(session.expires_at, tokens.until) if renewable else None
        return replace(
            session,
            tokens=tokens,
            expires_at=session.expires_at if ends is None else int(ends),
        )
