"""Who somebody is, and what they may do: claims, and the scopes of their access tokens.

Permissions stand in no claim. Logto says them in an access token for each API resource
(RFC 8707) and for an organization (Logto's RFC 0001), which the refresh token is good
for; that is asked where a rule or a header makes use of it, and the tokens are dropped,
but for the one that applications are to be sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import structlog

from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.logto_provider import LogtoProvider, Refreshed
from gateway.authentication.permitted import Audience, Granted, NotPermitted
from gateway.authentication.sending_tokens import SendingTokens
from gateway.identity.claims import identity_from_claims
from gateway.identity.identity import Identity
from gateway.identity.needs import Needs
from gateway.sessions.session import Session

NOT_WHO = "Logto gave tokens, but does not say whose they are."

NOTHING_SENT = SendingTokens()

log = structlog.get_logger("gateway.sign_in")


@dataclass(frozen=True, slots=True)
class Entitled:
    """An identity, and the refresh token to go on with.

    *away* says why Logto could not be asked everything, and is empty where it was: then
    *identity* is not whole, and the refresh token must be kept all the same, for the
    one before may be used up.
    """

    identity: Identity
    refresh_token: str | None = field(repr=False)
    away: str = ""
    granted: Granted | None = None  # for the resource whose token is sent


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Finds out what *needs* make use of; *sending* what applications are sent."""

    provider: LogtoProvider
    needs: Needs
    sending: SendingTokens = NOTHING_SENT

    async def of(
        self,
        id_token: Mapping[str, object],
        userinfo: Mapping[str, object],
        refresh_token: str | None,
        before: str | None,
    ) -> Entitled:
        """Return whom the verified claims name, with the permissions they have now.

        They acted for the organization *before*, None for none. Not to be cancelled:
        Logto may replace the *refresh_token*. Raises ClaimsInvalid and GrantEnded.
        """
        claimed = identity_from_claims(id_token, userinfo, self.needs.claims)
        identity, token = self.needs.kept(claimed, before), refresh_token
        scopes: list[str] = []
        granted = None
        for audience in self._audiences(identity):
            if token is None:  # nothing to ask with: no permissions
                break
            try:
                permitted = await self.provider.permitted(token, identity.sub, audience)
            except NotPermitted as error:
                self._refused(audience, error)
                if audience.is_organization:
                    identity = replace(identity, organization=None)
                continue
            except ProviderUnavailable as error:
                return Entitled(identity, token, away=error.reason)
            token = permitted.refresh_token
            scopes += permitted.scopes
            if audience == Audience(self.sending.resource):
                granted = permitted.granted
        used = self.needs.scopes.of(tuple(scopes))
        return Entitled(replace(identity, scopes=used), token, granted=granted)

    async def renewed(
        self,
        before: Session,
        refreshed: Refreshed,
        now: float,
        organization: str | None = None,
    ) -> tuple[Session, str]:
        """Return *before* with what Logto said, which was asked at *now*.

        They act for *organization* from then on, None for the one that they acted for.
        Where it said the tokens alone, also why: the session is still to be renewed.
        Raises as :meth:`of`.
        """
        session = replace(
            before,
            expires_at=refreshed.expires_at,
            refresh_token=refreshed.refresh_token,
            generation=before.generation + 1,
            current_cookie=False,
        )
        if refreshed.userinfo is None:
            return session, NOT_WHO
        entitled = await self.of(
            refreshed.id_token_claims,
            refreshed.userinfo,
            refreshed.refresh_token,
            organization or before.identity.organization,
        )
        session = replace(session, refresh_token=entitled.refresh_token)
        if entitled.away:
            return session, entitled.away
        session = replace(session, identity=entitled.identity, revalidated_at=int(now))
        return self.sending.into(session, refreshed, entitled.granted), ""

    def _audiences(self, identity: Identity) -> Iterator[Audience]:
        """Yield what to ask tokens for; *identity* may act for an organization."""
        for resource in self.needs.resources:
            yield Audience(resource)
        if self.needs.scopes and identity.acts_for is not None:
            yield Audience(identity.acts_for, is_organization=True)

    @staticmethod
    def _refused(audience: Audience, error: NotPermitted) -> None:
        """Tell the operator: a resource that is not registered is their mistake."""
        if not audience.is_organization:
            log.warning("resource_refused", resource=audience.id, reason=str(error))


def acting_for(session: Session, organization: str) -> Session:
    """Return *session* of somebody who acts for *organization*, one of theirs, now.

    For a session that cannot be renewed: what they may do there nobody can say.
    """
    return replace(
        session,
        identity=replace(session.identity, organization=organization, scopes=()),
        generation=session.generation + 1,
        current_cookie=False,
    )
