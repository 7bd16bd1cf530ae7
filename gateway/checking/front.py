"""Do people reach this gateway, and do its cookies and https survive the way?

A running gateway is asked as a browser asks that begins a sign-in; the attempt is
sealed into its cookie and leads to nothing.
"""

import asyncio
from urllib.parse import parse_qs, urlsplit

import aiohttp

from config.problem import Finding
from config.routes import OWN_PREFIX
from config.settings import Settings
from config.summary import sign_in_origins
from gateway.authentication.provider_metadata import ProviderMetadata
from gateway.checking.http import Seen, Unreached, Untrusted, look
from gateway.checking.report import Report, joined

PATIENCE = 5.0  # seconds
PLACE = ("server", "public_url")
_AS_A_BROWSER = {
    "Accept": "text/html",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}
_MISDIRECTED = 421
_TOO_MANY = 429
_UNAVAILABLE = 503
_REDIRECTS = frozenset({302, 303})


async def check_front(settings: Settings, metadata: ProviderMetadata | None) -> Report:
    """Return how the gateway is reached at each address where people sign in.

    *metadata* is what Logto says about itself, None where it could not be asked.
    """
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as http:
        reports = await asyncio.gather(
            *(
                _check(settings, http, origin, metadata)
                for origin in sign_in_origins(settings)
            )
        )
    return joined(reports)


async def _check(
    settings: Settings,
    http: aiohttp.ClientSession,
    origin: str,
    metadata: ProviderMetadata | None,
) -> Report:
    url = f"{origin}{OWN_PREFIX}/sign-in"
    try:
        seen = await look(http, url, PATIENCE, _AS_A_BROWSER)
    except Untrusted as error:
        sentence = (
            f"the certificate at {origin} is not trusted here ({error}): browsers "
            "refuse it as well, unless they were told to trust its authority"
        )
        return Report((Finding(PLACE, sentence),))
    except Unreached as error:
        note = f"could not be checked: nothing answers at {origin} yet ({error})"
        return Report(notes=(f"{note}. Start the gateway, and check again",))
    if seen.status == _TOO_MANY:
        note = f"could not be checked: {origin} has too many sign-ins just now"
        return Report(notes=(f"{note}. Check again in a minute",))
    wrong = wrong_answer(settings, origin, seen, metadata)
    if wrong is None:
        return Report(notes=(f"{origin} leads here, and cookies arrive as they left",))
    return Report((Finding(PLACE, wrong),))


def wrong_answer(
    settings: Settings, origin: str, seen: Seen, metadata: ProviderMetadata | None
) -> str | None:
    """Return what is wrong with the answer *seen* at *origin*, None if nothing is."""
    if seen.status == _MISDIRECTED:
        return (
            f"what answers at {origin} does not know that name: the proxy in front "
            "must pass Host on (nginx: proxy_set_header Host $host), and the running "
            "gateway must have read this file"
        )
    if seen.status == _UNAVAILABLE and metadata is None:
        return f"the gateway at {origin} cannot reach Logto either"
    if seen.status not in _REDIRECTS:
        return (
            f"what answers at {origin} is not this gateway (status {seen.status} at "
            f"{OWN_PREFIX}/sign-in): see where the proxy in front sends it"
        )
    callback = parse_qs(urlsplit(seen.location).query).get("redirect_uri", [""])[0]
    if callback != f"{origin}{OWN_PREFIX}/callback":
        return (
            f"the gateway at {origin} sends people back to another address: the proxy "
            "in front must pass Host on, and the running gateway must have read this "
            "file"
        )
    return _wrong_cookie(settings, origin, seen)


def _wrong_cookie(settings: Settings, origin: str, seen: Seen) -> str | None:
    name = settings.session.cookie_name
    ours = [value for value in seen.set_cookies if value.startswith(name)]
    if not ours:
        return (
            f"the sign-in at {origin} comes without the gateway's cookie: something in "
            "front drops or renames it"
        )
    for value in ours:
        attributes = {part.strip().lower() for part in value.split(";")[1:]}
        if origin.startswith("https://") and "secure" not in attributes:
            return f"the cookie at {origin} has lost its Secure: see the proxy in front"
        if "path=/" not in attributes or any(
            one.startswith("domain=") for one in attributes
        ):
            return (
                f"the cookie at {origin} has another Path or Domain than it left "
                "with, and browsers refuse it: take proxy_cookie_path and "
                "proxy_cookie_domain out of the proxy in front"
            )
    return None
