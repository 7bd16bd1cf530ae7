"""The headers by which another proxy learns who it is: X-Auth-Request-* and ours.

Every name that may be told is told, empty where there is nothing to say, and those of
the usual preset whatever the preset is: a proxy that copies one overwrites what the
client may have sent by that name.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from config.identity import Identity as IdentitySettings
from gateway.fields import Field, Fields
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity

_PREFIX: Final = b"X-Forwarded-"
_RENAMED: Final = b"X-Auth-Request-"


class AuthRequestHeaders:
    """The names and values for a proxy, by *settings* and the ``sign_in`` of Logto.

    *names* are those by which applications are told about people otherwise.
    """

    def __init__(
        self, settings: IdentitySettings, sign_in: str, names: Iterable[bytes]
    ) -> None:
        usual = settings.model_copy(update={"preset": "forwarded", "headers": {}})
        self._usual = IdentityHeaders(usual, sign_in)
        own = sorted({*names, *self._usual.names})
        usual_names = (
            *map(_renamed, sorted(self._usual.names)),
            *(_renamed(name) for name in own if _is_token(name)),
        )
        configured = {name.lower() for name in own}
        self.names: Final = (
            *(name for name in usual_names if name.lower() not in configured),
            *own,
        )

    def fields(self, identity: Identity | None, told: Fields) -> list[Field]:
        """Return the fields about *identity*; *told* is what an upstream is told."""
        values: Mapping[bytes, bytes] = {
            **{_renamed(name): value for name, value in self._usual.fields(identity)},
            **{_renamed(name): value for name, value in told if _is_token(name)},
            **dict(told),
        }
        return [(name, values.get(name, b"")) for name in self.names]


def _renamed(name: bytes) -> bytes:
    return _RENAMED + name.removeprefix(_PREFIX)


def _is_token(name: bytes) -> bool:
    return name.startswith(_PREFIX) and name.endswith(b"-Token")
