"""May this request sign out at once, or must a page ask first?

Another site must not be able to sign people out, by a form, an image or a link.
"""

from gateway.fields import Fields, values
from gateway.policy.request_kind import is_speculative

# A link on one of our pages that a person followed (W3C Fetch Metadata).
_FOLLOWED_LINK = (
    (b"sec-fetch-site", b"same-origin"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-user", b"?1"),
)


def may_sign_out(method: str, fields: Fields, own_origin: str) -> bool:
    """Return whether a request with *method* and *fields* signs out without asking.

    A POST must come from *own_origin* (``https://app.example.com``): by
    ``Sec-Fetch-Site``, by ``Origin`` where that is absent. A GET must be a same-origin
    navigation that a person started, and not fetched ahead.
    """
    if method == "POST":
        sites = values(fields, b"sec-fetch-site")
        if sites:
            return sites == [b"same-origin"]
        return values(fields, b"origin") == [own_origin.encode()]
    if method == "GET" and not is_speculative(fields):
        return all(values(fields, name) == [value] for name, value in _FOLLOWED_LINK)
    return False
