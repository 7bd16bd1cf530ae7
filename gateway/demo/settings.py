"""The demo's configuration, as an operator would have written it."""

from config.loader import load_text
from config.settings import Settings
from gateway.demo.clients import Client
from gateway.demo.people import ADA
from gateway.demo.upstream import ADA_ONLY, PUBLIC

_FILE = """\
[server]
listen = "{listen}"
public_url = "http://{listen}"
shutdown_timeout = "1s"

[admin]
listen = ""

[logto]
endpoint = "{logto}"
app_id = "{app_id}"
app_secret = "{app_secret}"

[session]
keys = ["{key}"]

[[routes]]
upstream = "{upstream}"
allow = "anyone"

[[routes]]
path = "{ada_only}"
upstream = "{upstream}"
allow = {{ x_ids = ["{ada}"] }}

[[routes]]
path = "{public}"
upstream = "{upstream}"
access = "public"
"""


def demo_settings(
    *, listen: str, upstream: str, logto: str, client: Client, key: str
) -> Settings:
    """Return the gateway's settings.

    *listen* is "127.0.0.1:8080", *upstream* and *logto* are origins, *key* is a
    session key as `gateway keygen` prints it.
    """
    text = _FILE.format(
        listen=listen,
        upstream=upstream,
        logto=logto,
        app_id=client.app_id,
        app_secret=client.app_secret,
        key=key,
        ada_only=ADA_ONLY,
        ada=ADA.x_id,
        public=PUBLIC,
    )
    return load_text(text, name="the demo's own configuration")
