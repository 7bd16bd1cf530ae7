"""An application as it is registered with Logto."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Client:
    """A registered application; its addresses may be added to while Logto runs.

    ``backchannel_logout_uri`` is told when somebody signs out, with the session's
    ``sid`` where ``backchannel_logout_session_required`` says so.
    ``rotate_refresh_token`` and ``always_issue_refresh_token`` are Logto's
    ``customClientMetadata`` of the same names.
    """

    app_id: str = "gateway-demo"
    app_secret: str = "demo-secret"  # noqa: S105  no secret: it opens an emulator
    redirect_uris: set[str] = field(default_factory=set)
    post_logout_redirect_uris: set[str] = field(default_factory=set)
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    rotate_refresh_token: bool = True
    always_issue_refresh_token: bool = False
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the roles of a machine permit, by API resource; without any it is none."""

    def register_gateway(self, origin: str) -> None:
        """Register the two addresses of a gateway at *origin* ("http://host:port")."""
        self.redirect_uris.add(f"{origin}/.gateway/callback")
        self.post_logout_redirect_uris.add(f"{origin}/.gateway/signed-out")

    def register_backchannel(self, origin: str, *, with_sid: bool = False) -> None:
        """Have the gateway at *origin* told of sign-outs, and of `sid` in ID tokens."""
        self.backchannel_logout_uri = f"{origin}/.gateway/backchannel-logout"
        self.backchannel_logout_session_required = with_sid
