"""How an emulated Logto renews tokens, and how often it was asked to."""

from gateway.demo.logto import EmulatedLogto
from gateway.demo.signing_keys import Claims


def rotate(logto: EmulatedLogto) -> None:
    """Have *logto* replace refresh tokens that are older than nine minutes."""
    logto.lifetimes.refresh_token = 780


def keep(logto: EmulatedLogto) -> None:
    """Have *logto* never replace a refresh token."""
    logto.client.rotate_refresh_token = False


def no_refresh_token(answer: Claims) -> None:
    """Leave the refresh token out of an *answer*: a ``token_hook``."""
    answer.pop("refresh_token", None)


def refreshes(logto: EmulatedLogto) -> int:
    """Return how often *logto* was asked to renew tokens."""
    return logto.requests.count("token", grant_type="refresh_token")


def tokens_used(logto: EmulatedLogto) -> set[str]:
    """Return the refresh tokens that *logto* was asked with."""
    asked = logto.requests.of("token", grant_type="refresh_token")
    return {request.parameters["refresh_token"] for request in asked}


def grants_alive(logto: EmulatedLogto) -> list[bool]:
    """Tell of each grant at *logto* whether its refresh token still works."""
    return [
        grant.alive
        for session in logto.tenant.sessions.values()
        for grant in session.grants.values()
    ]
