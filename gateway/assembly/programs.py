"""Putting together what programs show instead of a session."""

from config.settings import Settings
from gateway.assembly.parts import Common
from gateway.authentication.access_tokens import AccessTokens
from gateway.authentication.allowance import Allowance
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.limiting import MINUTE, Limiting
from gateway.programs import Programs, WrongBearers
from gateway.telling import Telling

# Wrong tokens in a second, and at once, of all whom nobody can tell apart: 200
# signatures take a tenth of a core.
TOGETHER = (200.0, 200)


def programs_of(
    settings: Settings, telling: Telling, common: Common, limiting: Limiting
) -> Programs:
    """Return it as *settings* ask for."""
    a_minute = settings.limits.wrong_bearers_per_minute
    return Programs(
        AccessTokens(
            ProviderEndpoints(settings.logto, common.http, now=common.now),
            settings.logto.resources,
            telling.headers.wanted_claims,
            common.now,
        ),
        common.revocation.revocations,
        WrongBearers(
            Allowance(a_minute / MINUTE, a_minute),
            Allowance(*TOGETHER),
            limiting.clients,
            limiting.told,
        ),
        common.metrics,
    )
