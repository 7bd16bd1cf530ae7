"""An application as it is registered with Logto."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Client:
    """A registered application; its addresses may be added to while Logto runs.

    ``rotate_refresh_token`` and ``always_issue_refresh_token`` are Logto's
    ``customClientMetadata`` of the same names.
    """

    app_id: str = "gateway-demo"
    app_secret: str = "demo-secret"  # noqa: S105  no secret: it opens an emulator
    redirect_uris: set[str] = field(default_factory=set)
    post_logout_redirect_uris: set[str] = field(default_factory=set)
    rotate_refresh_token: bool = True
    always_issue_refresh_token: bool = False

    def register_gateway(self, origin: str) -> None:
        """Register the two addresses of a gateway at *origin* ("http://host:port")."""
        self.redirect_uris.add(f"{origin}/.gateway/callback")
        self.post_logout_redirect_uris.add(f"{origin}/.gateway/signed-out")
