"""Attack 11, in a field: a method stands on the request line, and another is meant.

Applications take ``X-HTTP-Method-Override`` and its kin, or ``_method`` in the query,
for the method. Where routes differ by method, the decision has to hold for both.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.fortress import Fortress, fortress
from tests.support.questions import ASKED
from tests.support.strict_http import Field

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = """
[[routes]]
upstream = "UPSTREAM"
access = "public"
methods = ["GET"]
[[routes]]
upstream = "UPSTREAM"
allow = { x_usernames = ["bob_example"] }
[[routes]]
path = "/listed"
upstream = "UPSTREAM"
access = "public"
methods = ["GET", "POST"]
"""
FIELDS = (
    b"X-HTTP-Method-Override", b"x-http-method-override", b"X_HTTP_METHOD_OVERRIDE",
    b"X-Http-Method_Override", b"X-Method-Override", b"X-HTTP-Method", b"X_HTTP_Method",
)  # fmt: skip
QUERIES = (
    b"_method=DELETE", b"_method=delete", b"a=b&_method=DELETE", b"%5fmethod=DELETE",
    b"_metho%64=%44ELETE", b"a=b;_method=DELETE", b"_method=GET&_method=DELETE",
    b"_method=DELETE&_method=GET", b"X-HTTP-Method-Override=DELETE",
    # PHP makes _method of each of these.
    b".method=DELETE", b"%2emethod=DELETE", b"%20_method=DELETE", b"+.method=DELETE",
    b"_method%00x=DELETE", b"+_method=DELETE",
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def by_method() -> AsyncIterator[Fortress]:
    async with fortress(ROUTES) as running:
        yield running


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [b"DELETE", b"delete", b" DELETE", b"GET, DELETE"])
@pytest.mark.parametrize("target", [b"/x", b"/listed/x"])
@pytest.mark.parametrize("person", [None, "ada"])
async def test_no_field_stands_in_for_a_method_with_other_rules(
    by_method: Fortress, name: bytes, value: bytes, target: bytes, person: str | None
) -> None:
    by_method.upstream.forget()
    lie: Field = (name, value)
    answer = await by_method.ask(target, lie, person=person)
    assert answer.status == 400
    assert by_method.upstream.requests == []


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", [b"/x", b"/listed/x"])
async def test_no_parameter_stands_in_for_it(
    by_method: Fortress, query: bytes, path: bytes
) -> None:
    by_method.upstream.forget()
    assert (await by_method.ask(path + b"?" + query)).status == 400
    assert by_method.upstream.requests == []


async def test_where_the_rules_are_alike_it_passes(by_method: Fortress) -> None:
    by_method.upstream.forget()
    override: Field = (FIELDS[0], b"DELETE")
    answer = await by_method.ask(b"/x", override, method=b"POST", person="bob")
    assert answer.status == 200
    assert by_method.upstream.last.values(FIELDS[0]) == [b"DELETE"]
    answer = await by_method.ask(b"/listed/x?_method=POST")
    assert answer.status == 200
    assert by_method.upstream.last.start == b"GET /listed/x?_method=POST HTTP/1.1"


async def test_where_methods_do_not_matter_it_passes(walls: Fortress) -> None:
    override: Field = (FIELDS[0], b"DELETE")
    answer = await walls.ask(b"/public/x?_method=DELETE", override)
    assert answer.status == 200
    assert walls.upstream.last.values(FIELDS[0]) == [b"DELETE"]


async def test_nor_where_another_proxy_forwards_and_asks() -> None:
    trusting = 'trusted_proxies = ["127.0.0.1"]'
    async with fortress(ROUTES + ASKED, server=trusting) as behind:
        described: tuple[Field, ...] = (
            (b"X-Forwarded-Method", b"GET"),
            (b"X-Forwarded-Host", behind.host),
            (b"X-Forwarded-Proto", b"http"),
            (b"X-Forwarded-Uri", b"/x"),
        )
        assert (await behind.ask(b"/.gateway/auth", *described)).status == 200
        override: Field = (FIELDS[0], b"DELETE")
        answer = await behind.ask(b"/.gateway/auth", *described, override)
        assert answer.status == 400
        query: Field = (b"X-Forwarded-Uri", b"/x?_method=DELETE")
        answer = await behind.ask(b"/.gateway/auth", *described[:3], query)
        assert answer.status == 400
