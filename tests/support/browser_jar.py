"""A browser's cookie jar for one host: what it keeps of Set-Cookie, what it sends.

As far as RFC 6265bis, sections 5.6 and 5.7, bear on cookies of the whole host:
prefixes, sizes, removal.
"""

from dataclasses import dataclass, field

LONGEST_PAIR = 4096


@dataclass
class BrowserJar:
    """*secure*: the jar of an https origin, or of loopback over http."""

    secure: bool = True
    kept: dict[bytes, bytes] = field(default_factory=dict)
    attributes: dict[bytes, dict[bytes, bytes]] = field(default_factory=dict)

    def receive(self, set_cookies: list[bytes]) -> None:
        for value in set_cookies:
            self._receive(value)

    def _receive(self, set_cookie: bytes) -> None:
        assert not set(set_cookie) & {*range(0x20), 0x7F}, set_cookie
        pair, *rest = set_cookie.split(b";")
        name, equals, value = pair.partition(b"=")
        if not equals:
            name, value = b"", pair
        name, value = name.strip(b" \t"), value.strip(b" \t")
        attributes = {
            key.strip().lower(): text.strip()
            for key, _, text in (attribute.partition(b"=") for attribute in rest)
        }
        assert len(name) + len(value) <= LONGEST_PAIR, "a browser drops it"
        if b"secure" in attributes and not self.secure:
            return
        if name.lower().startswith(b"__host-"):
            whole = attributes.get(b"path") == b"/" and b"domain" not in attributes
            if not (whole and b"secure" in attributes):
                return
        self.attributes[name] = attributes
        if int(attributes.get(b"max-age", b"1")) <= 0:
            self.kept.pop(name, None)
        else:
            self.kept[name] = value

    def cookie(self) -> bytes:
        """Return the Cookie field that the browser sends; empty where there is none."""
        return b"; ".join(b"%s=%s" % pair for pair in self.kept.items())
