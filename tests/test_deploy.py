"""The files in ``deploy/`` say what the gateway says, with all its names."""

import re

import pytest

from config.identity import Identity as IdentitySettings
from config.loader import load_text
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.proxy_answers import MOST_COOKIES
from gateway.sessions.chunks import possible_names
from tests.support.project import ROOT

DEPLOY = ROOT / "deploy"
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
ASKING = ["nginx/gateway/protect.conf", "caddy/Caddyfile", "traefik/dynamic.yaml"]


def test_the_gateways_file_for_forward_auth_loads() -> None:
    text = (DEPLOY / "forward-auth.toml").read_text("utf-8")
    for line, value in (
        ('app_id = "..."', 'app_id = "app"'),
        ('app_secret_file = "/run/secrets/logto_app_secret"', 'app_secret = "s"'),
        ('keys_file = "/run/secrets/session_keys"', f'keys = ["{KEY}"]'),
    ):
        assert line in text
        text = text.replace(line, value)
    settings = load_text(text, {})
    assert {str(route.upstream) for route in settings.routes} == {"forward-auth"}
    hosts = {route.host for route in settings.routes}
    for name in ("nginx/sites.conf", *ASKING[1:], "envoy/envoy.yaml"):
        assert all(host in (DEPLOY / name).read_text("utf-8") for host in hosts), name


@pytest.mark.parametrize("name", ASKING)
def test_every_header_that_is_told_is_copied(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8").lower()
    told = AuthRequestHeaders(IdentitySettings(), "social:x", [b"X-Gateway-Assertion"])
    for header in (*told.names, b"Cookie", b"Authorization", b"X-Request-Id"):
        written = header.decode().lower()
        assert re.search(rf"(?m)(proxy_set_header|request_header|-) {written}\b", text)


@pytest.mark.parametrize("name", ASKING[:2])
def test_every_cookie_that_is_due_is_handed_on(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8").lower()
    for number in range(1, MOST_COOKIES + 1):
        copied = re.findall(rf"x.auth.request.set.cookie.{number}\b", text)
        assert copied, number


def test_traefik_hands_on_every_cookie_of_a_session() -> None:
    text = (DEPLOY / "traefik/dynamic.yaml").read_text("utf-8")
    for name in possible_names(b"__Host-gateway"):
        assert f"- {name.decode()}\n" in text


DECIDING = [  # fields that a decision may depend on, or that a client may not send
    "cookie", "origin", "referer", "accept", "sec-fetch-site", "sec-websocket-key",
    "x-requested-with", "purpose", "access-control-request-method", "x-forwarded-for",
    "x-http-method-override", "x-method-override", "x-http-method",
    "remote-user", "x-forwarded-user", "x-auth-request-user", "x-webauth-user",
    "x-gateway-assertion", "cf-access-jwt-assertion", "x-goog-iap-jwt-assertion",
]  # fmt: skip


@pytest.mark.parametrize("name", DECIDING)
def test_envoy_tells_what_a_decision_depends_on(name: str) -> None:
    text = (DEPLOY / "envoy/envoy.yaml").read_text("utf-8")
    listed = text.partition("allowed_headers:")[2].partition("http_service:")[0]
    patterns = re.findall(r'regex: "([^"]+)"', listed)
    assert any(re.fullmatch(pattern, name) for pattern in patterns)
