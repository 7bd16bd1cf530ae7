"""Attacks 09 and 16: garbage where policy looks, and values that mislead.

Whatever Logto says about a person, only what is plainly on the list lets them in; and
whatever cannot be understood lets nobody in.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import Member, Person
from gateway.demo.signing_keys import Claims, Header
from tests.security.conftest import alarms, size
from tests.support.questions import ASKED, Form, question
from tests.support.raw_client import exchange
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
MEMBERS_ONLY = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/role"
upstream = "UPSTREAM"
allow = { roles = ["admin", "a", "1", "True", "None", "[]", "*"] }
[[routes]]
path = "/organization"
upstream = "UPSTREAM"
allow = { organizations = ["acme", "a", "1", "true", "null"] }
[[routes]]
path = "/there"
upstream = "UPSTREAM"
allow = { organization_roles = ["acme:admin", "acme:a", "a:cme"] }
[[routes]]
path = "/scope"
upstream = "UPSTREAM"
allow = { scopes = ["read:notes", "r", "*"] }
[[routes]]
path = "/nobody"
upstream = "UPSTREAM"
allow = [{ roles = [] }, { organizations = [] }, { organization_roles = [] }]
"""
FOR_MEMBERS = ("/role", "/organization", "/there", "/scope", "/nobody")
TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'  # a proxy that asks, too
MANY_SIGN_INS = "[limits]\nsign_ins_per_minute = 100000\n"
LISTED = ("/x-id", "/handle", "/subject", "/email", "/domain", "/nobody",
          "/nobody-either")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Realm:
    """A gateway with rules, and an X where anybody can be signed in."""

    gateway: RunningGateway
    logto: EmulatedLogto
    upstream: StrictUpstream
    listed: tuple[str, ...]

    async def let_in(self, who: Person) -> list[str]:
        """Return the listed paths that *who* gets to; signing in may be refused."""
        self.logto.tenant.people["odd"] = who
        async with VirtualBrowser() as browser:
            page = await browser.sign_in(self.gateway.url, "odd")
            assert page.status in {200, 400, 403, 502, 503}, page
            self.upstream.forget()
            for path in self.listed:
                page = await browser.navigate(
                    self.gateway.url + path, until=self.logto.endpoint
                )
                assert page.status in {200, 303, 403}, page
            let_in = [target.decode() for target in self.upstream.targets]
            for form in (Form.FORWARDED, Form.URI):
                assert await self._asked(browser, form) == let_in
        return let_in

    async def _asked(self, browser: VirtualBrowser, form: Form) -> list[str]:
        """Return the listed paths about which a proxy is told that *browser* may."""
        host = self.gateway.url.removeprefix("http://").encode()
        cookie = (b"Cookie", browser.cookie_header(self.gateway.url).encode())
        found = []
        for path in self.listed:
            data = question(form, path.encode(), (cookie,), host=host)
            answer = await exchange(self.gateway.port, data)
            assert answer.status in {200, 401, 403}, path
            if answer.status == 200:
                found.append(path)
        return found


@asynccontextmanager
async def realm_of(
    routes: str, listed: tuple[str, ...], log_lines: Path, logto_keys: str = ""
) -> AsyncIterator[Realm]:
    """Run a realm with *routes*, and hold that nothing in it was worth an alarm."""
    start = size(log_lines)
    async with (
        strict_upstream() as upstream,
        EmulatedLogto.start() as logto,
        running_gateway(
            logto,
            routes.replace("UPSTREAM", upstream.url) + ASKED,
            server=TRUSTING,
            tables=MANY_SIGN_INS,
            logto_keys=logto_keys,
        ) as gateway,
    ):
        yield Realm(gateway, logto, upstream, listed)
    assert alarms(log_lines, start) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def realm(log_lines: Path) -> AsyncIterator[Realm]:
    async with realm_of(ROUTES, LISTED, log_lines) as realm:
        yield realm


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


# Roles, permissions and organizations

API = "https://api.example.com"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def members(log_lines: Path) -> AsyncIterator[Realm]:
    resources = f'resources = ["{API}"]'
    async with realm_of(MEMBERS_ONLY, FOR_MEMBERS, log_lines, resources) as realm:
        realm.logto.resources.add(API)
        realm.logto.organizations.update(acme="Acme", other="Other", a="A")
        yield realm


ADMIN = Member("acme", ("admin",))


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        pytest.param(person(roles=("x", "admin")), ["/role"], id="role"),
        pytest.param(
            person(permissions={API: ("read:notes",)}), ["/scope"], id="scope"
        ),
        pytest.param(
            person(memberships=(ADMIN,)), ["/organization", "/there"], id="admin there"
        ),
        pytest.param(
            person(memberships=(Member("acme"), Member("other", ("admin",)))),
            ["/organization"],
            id="admin elsewhere",
        ),
        pytest.param(person(memberships=(Member("other"),)), [], id="of another"),
        pytest.param(person(permissions={"x": ("read:notes",)}), [], id="another API"),
    ],
)
async def test_who_has_what_is_listed_gets_in(
    members: Realm, who: Person, paths: list[str]
) -> None:
    assert await members.let_in(who) == paths


ROLES: dict[str, object] = {
    "a text": "admin", "a text with commas": "admin,editor", "comma first": ",admin",
    "commas in a list": ["admin,editor"], "a text with spaces": "x admin",
    "capitals": ["ADMIN"], "a capital": ["Admin"], "blank behind": ["admin "],
    "blank before": [" admin"], "line feed": ["admin\n"], "NUL": ["admin\x00"],
    "tab": ["admin\t"], "zero width": ["admin\u200b"], "soft hyphen": ["ad\u00admin"],
    "homograph": ["\u0430dmin"], "full width": ["\uff41dmin"],
    "dotless": ["adm\u0131n"],
    "combining": ["admin\u0301"], "direction turned": ["\u202eadmin"],
    "byte order mark": ["\ufeffadmin"], "a list in a list": [["admin"]],
    "an object": {"admin": True}, "objects": [{"name": "admin"}], "a path": ["/admin"],
    "a pattern": ["adm*"], "a part": ["admi"], "more": ["administrator"],
    "a truth": True, "truths": [True], "numbers": [1], "a number": 1, "nothing": None,
    "nothings": [None], "an empty list in it": [[]], "very long": ["admin" * 100],
    "after a hundred": [*map(str, range(10, 110)), "admin"],
    "ten thousand": ["x"] * 10_000 + ["admin"], "a number of letters": 97,
    "quoted": ['"admin"'], "escaped": ["%61dmin"], "empty": [""], "no list": {},
}  # fmt: skip


@pytest.mark.parametrize("roles", ROLES.values(), ids=ROLES)
async def test_09_a_role_that_is_not_plainly_listed_matches_nothing(
    members: Realm, roles: object
) -> None:
    assert await members.let_in(person(claims={"roles": roles})) == []


async def test_a_role_counts_beside_odd_ones(members: Realm) -> None:
    odd: dict[str, object] = {"roles": [None, 1, "", ["x"], "admin", {}]}
    assert await members.let_in(person(claims=odd)) == ["/role"]


ORGANIZATIONS: dict[str, object] = {
    "a text": "acme", "a letter of a text": "a", "capitals": ["ACME"],
    "blank behind": ["acme "], "line feed": ["acme\n"], "a colon": ["acme:admin"],
    "objects": [{"id": "acme"}], "an object": {"acme": {}}, "lists": [["acme"]],
    "numbers": [1], "truths": [True], "nothings": [None], "homograph": ["\u0430cme"],
    "full width": ["\uff41cme"], "zero width": ["acme\u200b"], "commas": ["acme,other"],
    "urn": ["urn:logto:organization:acme"], "very long": ["acme" * 100],
    "after a hundred": [*map(str, range(10, 110)), "acme"],
}  # fmt: skip


@pytest.mark.parametrize("organizations", ORGANIZATIONS.values(), ids=ORGANIZATIONS)
async def test_09_an_organization_that_is_not_plainly_listed_matches_nothing(
    members: Realm, organizations: object
) -> None:
    roles = ["acme:admin", "acme:a", "a:cme"]
    claims = {"organizations": organizations, "organization_roles": roles}
    assert await members.let_in(person(claims=claims)) == []


THERE: dict[str, object] = {
    "a text": "acme:admin", "another organization": ["other:admin"],
    "the role alone": ["admin"], "the organization alone": ["acme"],
    "no role": ["acme:"], "no organization": [":admin"], "two colons": ["acme::admin"],
    "a colon in the role": ["acme:x:admin"], "capitals": ["ACME:admin"],
    "a capital role": ["acme:Admin"], "blank within": ["acme: admin"],
    "blank before": [" acme:admin"], "commas": ["acme:admin,acme:x"],
    "objects": [{"organizationId": "acme", "role": "admin"}],
    "lists": [["acme", "admin"]],
    "an object": {"acme": ["admin"]}, "cut at another place": ["a:cme"],
    "full-width colon": ["acme\uff1aadmin"], "part of an id": ["acm:eadmin"],
    "longer id": ["acme2:admin"],
}  # fmt: skip


@pytest.mark.parametrize("roles", THERE.values(), ids=THERE)
async def test_09_a_role_there_that_is_not_plainly_listed_matches_nothing(
    members: Realm, roles: object
) -> None:
    claims = {"organizations": ["acme"], "organization_roles": roles}
    who = person(claims=claims, memberships=(Member("acme"),))
    assert await members.let_in(who) == ["/organization"]


SCOPES: dict[str, object] = {
    "a list": ["read:notes"], "an object": {"read:notes": True},
    "capitals": "READ:notes",
    "commas": "read:notes,x", "a part": "read", "more": "read:notes2", "tabs":
    "x\tread:notes", "line feed": "x\nread:notes", "no-break space":
    "x\u00a0read:notes", "two spaces": "x  read:notes", "blank behind": "read:notes ",
    "quoted": '"read:notes"', "homograph": "r\u0435ad:notes", "a number": 1, "a truth":
    True, "nothing": None, "empty": "", "zero width": "read:notes\u200b",
    "a thousand": " ".join([*(f"y{n}" for n in range(1000)), "read:notes"]),
}  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
async def test_09_a_scope_that_is_not_plainly_listed_matches_nothing(
    members: Realm, scope: object
) -> None:
    def hook(claims: Claims, _header: Header) -> None:
        claims["scope"] = scope

    members.logto.behaviour.access_token_hook = hook
    try:
        assert await members.let_in(person(permissions={API: ("r",)})) == []
    finally:
        members.logto.behaviour.access_token_hook = None


async def test_09_a_scope_in_a_claim_is_none(members: Realm) -> None:
    """Permissions stand in access tokens: claims of that name come from elsewhere."""
    claims = {"scopes": ["read:notes"], "scope": "read:notes", "organization": "acme"}
    assert await members.let_in(person(claims=claims)) == []
