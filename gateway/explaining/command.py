"""``gateway explain``: from what was typed to what is printed."""

import json
from dataclasses import asdict

from config.settings import Settings
from gateway.explaining.asked import CannotBeAsked, asked
from gateway.explaining.claims_file import ClaimsUnusable, shown_in
from gateway.explaining.explain import Explainer
from gateway.explaining.in_words import lines


class Unexplained(Exception):  # noqa: N818 -- says what is the case
    """What was typed cannot be explained; the sentence says why."""


def explained(
    settings: Settings, method: str, url: str, claims: bytes | None, *, as_json: bool
) -> str:
    """Return what becomes of *method* on *url* by whom *claims* name, None for nobody.

    Raises Unexplained for a request or claims that cannot be.
    """
    explainer = Explainer.of(settings)
    try:
        request = asked(method, url, settings.server.public_url)
        wanted = explainer.identity_headers.wanted_claims
        shown = None if claims is None else shown_in(claims, wanted)
    except CannotBeAsked as error:
        raise Unexplained(str(error)) from None
    except ClaimsUnusable as error:
        raise Unexplained(f"CLAIMS.json: {error}") from None
    told = explainer.explain(request, shown)
    if as_json:
        return json.dumps(asdict(told), indent=2)
    return "\n".join(lines(told))
