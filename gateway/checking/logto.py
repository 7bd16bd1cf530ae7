"""Is Logto there, does it know this application, and do both clocks agree?

Nobody's session is touched: the credentials are tried with a refresh token that nobody
was given (RFC 6749 section 5.2: a wrong secret is another error), the addresses with
``prompt=none`` (OpenID Connect Core section 3.1.2.1: no page, no session) and with the
beginning of a sign-out by nobody, which Logto forgets by itself.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import aiohttp

from config.problem import Finding
from config.routes import OWN_PREFIX
from config.settings import Settings
from config.summary import sign_in_origins
from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.authentication.provider_http import open_session
from gateway.authentication.provider_metadata import ProviderMetadata, discovery_url
from gateway.checking.http import Seen, Unreached, look
from gateway.checking.report import Report, joined

LEEWAY = 60.0  # seconds that clocks may differ: what the gateway allows for
WORTH_SAYING = 5.0  # seconds
NOBODY = "gateway-check"  # no refresh token: Logto's are 43 characters
CHALLENGE = "0" * 43  # of a form that PKCE asks for (RFC 7636 section 4.2)
_REFUSED = 400
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200


async def check_logto(
    settings: Settings, now: Callable[[], float]
) -> tuple[Report, ProviderMetadata | None]:
    """Return what is wrong with Logto, and what it says about itself.

    *now* gives unix seconds.
    """
    async with open_session(settings.logto) as http:
        endpoints = ProviderEndpoints(settings.logto, http, now=now)
        try:
            metadata = await endpoints.metadata.get()
        except ProviderMisconfigured as error:
            return Report((Finding(("logto", "endpoint"), error.reason),)), None
        except ProviderUnavailable as error:
            sentence = (
                f"{error.reason} Is it this Logto, is it up, and may this machine "
                "reach it?"
            )
            return Report((Finding(("logto", "endpoint"), sentence),)), None
        asker = _Asker(settings, http, metadata)
        reports = await asyncio.gather(
            asker.clock(now), asker.callbacks(), asker.signed_out()
        )
        return joined([await _credentials(endpoints), *reports]), metadata


async def _credentials(endpoints: ProviderEndpoints) -> Report:
    grant = {"grant_type": "refresh_token", "refresh_token": NOBODY}
    try:
        await endpoints.tokens(grant, repeatable=True)
    except ProviderMisconfigured:
        sentence = (
            "Logto does not accept it with this app_id: copy both anew from the "
            "application's settings in Logto, whose type must be traditional web"
        )
        return Report((Finding(("logto", "app_secret"), sentence),))
    except ProviderUnavailable as error:
        return Report((Finding(("logto", "endpoint"), error.reason),))
    except SignInRefused as refused:
        if refused.code == "invalid_grant":
            return Report(notes=("Logto accepts app_id and app_secret",))
        return _untold("app_id and app_secret", refused.code)
    return _untold("app_id and app_secret", "it gave tokens for nothing")


def seconds_of(date: str) -> float:
    """Return the unix seconds of an HTTP *date*.  Raises ValueError where it is none.

    It is of UTC, whether it says so or not (RFC 9110 section 5.6.7: asctime does not).
    """
    read = parsedate_to_datetime(date)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


class _Asker:
    """Asks Logto about one application."""

    def __init__(
        self,
        settings: Settings,
        http: aiohttp.ClientSession,
        metadata: ProviderMetadata,
    ) -> None:
        self._logto = settings.logto
        self._origins = sign_in_origins(settings)
        self._http = http
        self._metadata = metadata

    async def clock(self, now: Callable[[], float]) -> Report:
        """Compare this machine's clock with Logto's (RFC 9110 section 6.6.1)."""
        try:
            seen = await self._look(discovery_url(self._logto.endpoint))
            theirs = seconds_of(seen.date)
        except (Unreached, ValueError):
            return _untold("the clock", "Logto sends no date")
        apart = now() - theirs
        which = "ahead of" if apart > 0 else "behind"
        sentence = f"this machine's clock is {abs(apart):.0f} s {which} Logto's"
        if abs(apart) > LEEWAY:
            mend = "set it, and keep it right (timedatectl set-ntp true)"
            return Report((Finding(("logto",), f"{sentence}: {mend}"),))
        if abs(apart) > WORTH_SAYING:
            return Report(notes=(sentence,))
        return Report(notes=("this machine's clock agrees with Logto's",))

    async def callbacks(self) -> Report:
        """Ask whether each callback is registered."""
        urls = [f"{origin}{OWN_PREFIX}/callback" for origin in self._origins]
        asked = [
            self._asked(
                self._metadata.authorization_endpoint,
                client_id=self._logto.app_id,
                redirect_uri=url,
                response_type="code",
                scope="openid",
                prompt="none",
                code_challenge=CHALLENGE,
                code_challenge_method="S256",
            )
            for url in urls
        ]
        answers = await asyncio.gather(*asked)
        return joined(
            _registered(url, answer, "Redirect URIs", _is_way_back(url, answer))
            for url, answer in zip(urls, answers, strict=True)
        )

    async def signed_out(self) -> Report:
        """Ask whether each post-logout address is registered."""
        if not self._metadata.end_session_endpoint:
            return _untold("the sign-out addresses", "Logto names no sign-out")
        urls = [f"{origin}{OWN_PREFIX}/signed-out" for origin in self._origins]
        asked = [
            self._asked(
                self._metadata.end_session_endpoint,
                client_id=self._logto.app_id,
                post_logout_redirect_uri=url,
            )
            for url in urls
        ]
        answers = await asyncio.gather(*asked)
        title = "Post sign-out redirect URIs"
        return joined(
            _registered(url, answer, title, answer is not None and answer.status == _OK)
            for url, answer in zip(urls, answers, strict=True)
        )

    async def _asked(self, endpoint: str, **parameters: str) -> Seen | None:
        try:
            return await self._look(f"{endpoint}?{urlencode(parameters)}")
        except Unreached:
            return None

    async def _look(self, url: str) -> Seen:
        return await look(self._http, url, self._logto.timeout)


def _is_way_back(url: str, answer: Seen | None) -> bool:
    """Tell whether Logto would send people back to *url*."""
    return (
        answer is not None
        and answer.status in _REDIRECTS
        and answer.location.partition("?")[0] == url
    )


def _registered(url: str, answer: Seen | None, title: str, known: bool) -> Report:  # noqa: FBT001
    if known:
        return Report(notes=(f"Logto knows {url}",))
    if answer is not None and answer.status == _REFUSED:
        sentence = (
            f"Logto does not know {url}: add it to {title} in the application's "
            "settings, to the letter, and see that app_id is that application's"
        )
        return Report((Finding(("logto", "app_id"), sentence),))
    status = "no answer" if answer is None else f"status {answer.status}"
    return _untold(f"whether {url} is registered", status)


def _untold(what: str, why: str) -> Report:
    return Report(notes=(f"could not be checked: {what} ({why})",))
