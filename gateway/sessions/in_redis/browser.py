"""Which browser was that?  In words, for the person who is shown their sessions.

User-Agent (RFC 9110, section 10.1.5) names every browser there ever was; the first of
these that it names is the one.  Whatever it says else is not kept.
"""

_BROWSERS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_SEARCHED = 512  # characters


def browser_name(user_agent: str) -> str:
    """Return the browser and the system in *user_agent*, such as "Firefox on Linux".

    Empty where it names neither.
    """
    text = user_agent[:_SEARCHED]
    browser = next((name for sign, name in _BROWSERS if sign in text), "")
    system = next((name for sign, name in _SYSTEMS if sign in text), "")
    return " on ".join(filter(None, (browser, system)))
