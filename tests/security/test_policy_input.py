"""Attacks 09 and 16: garbage where policy looks, and e-mail addresses that mislead.

Whatever Logto says about a person, only what is plainly on the list lets them in; and
whatever cannot be understood lets nobody in.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import Person
from tests.security.conftest import alarms, size
from tests.support.running_gateway import RunningGateway, running_gateway
from tests.support.strict_upstream import StrictUpstream, strict_upstream
from tests.support.virtual_browser import VirtualBrowser

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/x-id"
upstream = "UPSTREAM"
allow = { x_ids = ["2244994945", "1"] }
[[routes]]
path = "/handle"
upstream = "UPSTREAM"
allow = { x_usernames = ["ada_example", "None", "kim"] }
[[routes]]
path = "/subject"
upstream = "UPSTREAM"
allow = { subjects = ["ada", "None"] }
[[routes]]
path = "/email"
upstream = "UPSTREAM"
allow = { emails = ["ada@good.com"] }
[[routes]]
path = "/domain"
upstream = "UPSTREAM"
allow = { email_domains = ["good.com"] }
[[routes]]
path = "/nobody"
upstream = "UPSTREAM"
allow = { emails = [], x_ids = [] }
[[routes]]
path = "/nobody-either"
upstream = "UPSTREAM"
allow = []
"""
MANY_SIGN_INS = "[limits]\nsign_ins_per_minute = 100000\n"
LISTED = ("/x-id", "/handle", "/subject", "/email", "/domain", "/nobody",
          "/nobody-either")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Realm:
    """A gateway with rules, and an X where anybody can be signed in."""

    gateway: RunningGateway
    logto: EmulatedLogto
    upstream: StrictUpstream

    async def let_in(self, who: Person) -> list[str]:
        """Return the listed paths that *who* gets to; signing in may be refused."""
        self.logto.tenant.people["odd"] = who
        async with VirtualBrowser() as browser:
            page = await browser.sign_in(self.gateway.url, "odd")
            assert page.status in {200, 400, 403, 502}, page
            self.upstream.forget()
            for path in LISTED:
                page = await browser.navigate(
                    self.gateway.url + path, until=self.logto.endpoint
                )
                assert page.status in {200, 303, 403}, page
        return [target.decode() for target in self.upstream.targets]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def realm(log_lines: Path) -> AsyncIterator[Realm]:
    start = size(log_lines)
    async with (
        strict_upstream() as upstream,
        EmulatedLogto.start() as logto,
        running_gateway(
            logto, ROUTES.replace("UPSTREAM", upstream.url), tables=MANY_SIGN_INS
        ) as gateway,
    ):
        yield Realm(gateway, logto, upstream)
    assert alarms(log_lines, start) == []


def person(**changes: Any) -> Person:  # noqa: ANN401 - as Person
    """Return somebody nobody knows, with *changes*."""
    unknown = {"sub": "odd", "name": "Odd", "x_id": None, "x_username": None}
    return Person(key="odd", **{**unknown, **changes})


def with_email(email: object, *, verified: object = True) -> Person:
    return person(claims={"email": email, "email_verified": verified})


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        pytest.param(person(x_id="2244994945"), ["/x-id"], id="x id"),
        pytest.param(
            person(x_id="7", x_username="Ada_Example"), ["/handle"], id="handle"
        ),
        pytest.param(person(sub="ada"), ["/subject"], id="subject"),
        pytest.param(with_email("ada@good.com"), ["/email", "/domain"], id="e-mail"),
        pytest.param(with_email("Ada@Good.COM"), ["/email", "/domain"], id="E-MAIL"),
        pytest.param(with_email("bob@good.com"), ["/domain"], id="domain"),
        pytest.param(person(), [], id="nobody we know"),
    ],
)
async def test_who_is_on_a_list_gets_in(
    realm: Realm, who: Person, paths: list[str]
) -> None:
    assert await realm.let_in(who) == paths


ADDRESSES = {
    "two at signs": "a@evil@good.com",
    "two at signs, ours first": "ada@good.com@evil.com",
    "quoted": '"ada@good.com"@evil.com', "quoted local part": '"ada"@good.com',
    "full-width at sign": "a\uff20evil@good.com", "small at sign": "ada\ufe6bgood.com",
    "only a full-width at sign": "ada\uff20good.com", "trailing dot": "ada@good.com.",
    "NUL": "ada@good.com\x00", "NUL within": "ada@good.com\x00@evil.com",
    "line feed": "ada@good.com\n", "line feed, another": "ada@good.com\nx@evil.com",
    "blank behind": "ada@good.com ", "blank before": " ada@good.com",
    "tab": "ada@good.com\t",
    "a name": "Ada <ada@good.com>", "brackets": "<ada@good.com>",
    "two addresses": "ada@good.com,x@evil.com",
    "two, semicolon": "x@evil.com;ada@good.com",
    "comment": "ada(x)@good.com", "comment behind": "ada@good.com(x)",
    "comment in the domain": "ada@(x)good.com", "sub-domain": "ada@x.good.com",
    "suffix": "ada@evilgood.com", "prefix": "ada@good.com.evil.com",
    "literal": "ada@[good.com]",
    "route": "<@evil.com:ada@good.com>", "percent": "ada%good.com@evil.com",
    "bang": "good.com!ada@evil.com", "no local part": "@good.com", "no domain": "ada@",
    "only a domain": "good.com", "dots": "ada..x@good.com",
    "a dot first": ".ada@good.com",
    "full-width letters": "ada@\uff47ood.com",
    "homograph": "\u0430da@g\u043e\u043ed.com",
    "kelvin sign": "ada@good.com".replace("d",
    "\u217e"), "ideographic dot": "ada@good\u3002com",
    "zero width": "ada@good.com\u200b", "soft hyphen": "a\u00adda@good.com",
    "punycode": "ada@xn--good-com", "unicode of a listed one": "ada@\u4e2d\u56fd",
    "escaped": "ada%40good.com", "mailto": "mailto:ada@good.com",
    "very long": "a" * 300 + "@good.com",
    "direction turned": "ada@good.com\u202e", "byte order mark": "\ufeffada@good.com",
}  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
async def test_16_an_address_that_misleads_matches_nothing(
    realm: Realm, address: str
) -> None:
    assert await realm.let_in(with_email(address)) == []


@pytest.mark.parametrize(
    "verified",
    [False, None, "true", "True", 1, "1", [True], {"a": 1}, "yes", 0, ""],
    ids=repr,
)
async def test_16_an_address_that_is_not_verified_matches_nothing(
    realm: Realm, verified: object
) -> None:
    assert await realm.let_in(with_email("ada@good.com", verified=verified)) == []


GARBAGE: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 2244994945, 1.5, "", " ", "null", "true", "*",
    "2244994945 ", "2244994945\n", "02244994945", "+2244994945", "2,244,994,945",
    "\uff12244994945",
    ["2244994945"], {"id": "2244994945"}, [], {}, [[]], "a" * 3000,
    "ada_example\n", "@ada_example", "ada_example ", "ada-example", "ada_\u0435xample",
    "\u212aim", ["ada_example"], {"username": "ada_example"}, "\x00", "anyone",
    "ada@good.com",
)  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=ascii)
async def test_09_garbage_in_what_policy_reads_lets_nobody_in(
    realm: Realm, garbage: object
) -> None:
    details = {"rawData": {"data": {"username": garbage}}}
    identities = {"x": {"userId": garbage, "details": details}}
    claims = {"identities": identities, "username": garbage, "roles": garbage}
    claims |= {"email": [garbage], "email_verified": garbage}
    assert await realm.let_in(person(claims=claims)) == []
    shapes = ({"identities": garbage}, {"identities": {"x": garbage}}, {
        "identities": {"x": {"details": garbage}}})  # fmt: skip
    for shape in shapes:
        assert await realm.let_in(person(claims=shape)) == []


@pytest.mark.parametrize(
    "sub", [None, "", 1, True, ["ada"], {}, "a b", "\u00e4", "a" * 300], ids=repr
)
async def test_09_without_a_plain_subject_nobody_is_signed_in(
    realm: Realm, sub: object
) -> None:
    who = person(x_id="2244994945", claims={"sub": sub})
    assert await realm.let_in(who) == []
