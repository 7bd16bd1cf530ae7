"""The smallest file that works, and what it means."""

from config.allow import Anyone
from config.listen import TcpAddress
from config.loader import load_text
from config.origin import Origin
from config.upstream import Upstream

KEY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"

SMALLEST = f"""\
[server]
listen = "127.0.0.1:8080"
public_url = "http://127.0.0.1:8080"      # https, except on loopback

[logto]
endpoint = "https://tenant.logto.app"
app_id = "app"
app_secret = "secret"

[session]
keys = ["{KEY}"]                          # gateway keygen; newest first

[[routes]]
upstream = "http://127.0.0.1:3000"
allow = "anyone"                          # or {{ x_ids = ["2244994945"] }}
"""


def test_the_smallest_file_fills_in_every_default() -> None:
    settings = load_text(SMALLEST)
    assert settings.server.listen == (TcpAddress("127.0.0.1", 8080),)
    assert settings.server.public_url == Origin("http", "127.0.0.1", 8080)
    assert settings.server.keep_alive == 75.0
    assert settings.server.max_header_size == 64 * 1024
    assert settings.admin.listen == TcpAddress("127.0.0.1", 9901)
    assert settings.logto.sign_in == "social:x"
    assert settings.session.keys == (b"0123456789abcdefghijklmnopqrstuv",)
    assert settings.session.max_cookie_size == 3584
    assert settings.session.max_age == 7 * 86400
    assert settings.identity.preset == "forwarded"
    (route,) = settings.routes
    assert route.index == 0
    assert route.upstream == Upstream("http", "127.0.0.1", 3000, "")
    assert route.allow == Anyone()
    assert route.timeout == 60.0
