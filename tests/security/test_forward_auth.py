"""Attacks 01-19 where another proxy asks, by every form in which one does.

The tables are those of the attacks on what is forwarded here.  Nothing is forwarded:
whoever is answered 200 gets through, everybody else does not.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.security.conftest import alarms, size
from tests.security.test_cookies import BROKEN, Break, broken
from tests.security.test_cross_site import FOREIGN, UNSAFE
from tests.security.test_doors import LIES, METHODS, OTHERS, PROTECTED, SAME
from tests.security.test_identity_headers import EVIL, INNOCENT, NAMES, spelt_names
from tests.security.test_paths import is_public, targets
from tests.support.applications_reading import readings
from tests.support.fortress import (
    ADA,
    NAVIGATION,
    ROUTES,
    Fortress,
    fortress,
)
from tests.support.questions import ASKED, Form, question
from tests.support.strict_http import Field, Message, responses

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMS = [pytest.param(form, id=form.value) for form in Form]
TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
USER = b"X-Auth-Request-User"
# What proxies say of the way, by these very names; and what proxies ask by.
OF_THE_WAY = {
    name.lower() for name in NAMES
    if name.startswith((b"X-Forwarded-", b"X-Original-"))
    and name.rpartition(b"-")[2] not in {b"User", b"Username", b"Email", b"Groups",
                                         b"Name", b"Token"}
} | {b"forwarded", b"x-real-ip", b"x-rewrite-url", b"x-request-id",
     b"cf-connecting-ip"}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def castle(log_lines: Path) -> AsyncIterator[Fortress]:
    """Run a gateway that is asked; no attack may have raised an exception."""
    start = size(log_lines)
    async with fortress(ROUTES + ASKED, server=TRUSTING) as running:
        yield running
    assert alarms(log_lines, start) == []


@pytest.fixture
def walls(castle: Fortress) -> Iterator[Fortress]:
    """Return the module's gateway; it forwards nothing that it is asked about."""
    castle.upstream.forget()
    yield castle
    assert castle.upstream.requests == []


async def ask(  # noqa: PLR0913 - the parts of a request
    walls: Fortress,
    form: Form,
    target: bytes,
    *more: Field,
    person: str | None = None,
    method: bytes = b"GET",
    upgrade: bool = False,
    host: bytes | None = None,
) -> Message:
    """Ask about one request, and return the answer; as :meth:`Fortress.ask`."""
    fields = walls.fields(*more, person=person, upgrade=upgrade)
    data = question(
        form, target, fields, method=method, host=walls.host if host is None else host
    )
    first = data.partition(b" ")[0]
    heard = await walls.send(data, enough=1, methods=(first,))
    (answer,) = responses(heard.data, (first,))
    return answer


def passes(answer: Message, form: Form) -> bool:
    """Return whether *answer* lets the request through."""
    if form is Form.REFUSAL:  # it never does; 503: it would
        assert answer.status != 200
        return answer.status == 503
    if answer.status != 200:
        assert answer.values(USER) == []
        if form.knows_three_statuses:
            assert answer.status in {400, 401, 403, 414}, answer.status
    return answer.status == 200


@pytest.mark.parametrize("form", FORMS)
async def test_01_02_no_spelling_of_a_reserved_name_passes(
    walls: Fortress, form: Form
) -> None:
    for number, name in enumerate(spelt_names()):
        target, person = ((b"/public/x", None), (b"/x", "ada"))[number % 2]
        answer = await ask(walls, form, target, (name, EVIL), person=person)
        told = [value for field, value in answer.fields if field != b"Cookie"]
        assert EVIL not in b" ".join(told) + answer.body
        if passes(answer, form):
            assert name.lower() in OF_THE_WAY, name


@pytest.mark.parametrize("form", FORMS)
async def test_01_a_name_that_is_not_reserved_does_not_matter(
    walls: Fortress, form: Form
) -> None:
    assert passes(await ask(walls, form, b"/public/x", *INNOCENT), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", range(4))
async def test_04_05_06_without_a_session_only_what_is_public_in_every_reading_passes(
    walls: Fortress, form: Form, part: int
) -> None:
    passed = 0
    for number, target in enumerate(targets()[part::24]):
        if form is Form.PATH and any(byte in target for byte in b" \t"):
            continue  # no line of a request
        upgrade = number % 4 == 0
        answer = await ask(walls, form, target, upgrade=upgrade)
        if passes(answer, form):
            passed += 1
            path = target.partition(b"?")[0]
            assert {one for one in readings(path) if not is_public(one)} == set()
    assert passed


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie[0]!r} {lie[1]!r}")
async def test_07_08_no_header_opens_a_protected_path(
    walls: Fortress, form: Form, lie: Field
) -> None:
    for target in PROTECTED:
        assert not passes(await ask(walls, form, target, lie), form)
    assert not passes(await ask(walls, form, b"/bob/x", lie, person="ada"), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", BROKEN.values(), ids=BROKEN)
async def test_10_a_broken_cookie_is_no_session(
    walls: Fortress, form: Form, how: Break
) -> None:
    cookie = (b"Cookie", broken(walls, how))
    for target in (b"/x", b"/bob/x", b"/public/inner"):
        assert not passes(await ask(walls, form, target, cookie), form)
    answer = await ask(walls, form, b"/optional/x", cookie)
    assert passes(answer, form)
    assert answer.values(USER) in ([b""], [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS)
async def test_11_14_every_method_passes_the_same_gate(
    walls: Fortress, form: Form, method: bytes
) -> None:
    for target in PROTECTED:
        for fields in ((), NAVIGATION):
            answer = await ask(walls, form, target, *fields, method=method)
            assert not passes(answer, form)
    answer = await ask(walls, form, b"/bob/x", method=method, person="ada")
    assert answer.status == 403
    answer = await ask(walls, form, b"/x", method=method, person="ada")
    assert passes(answer, form)
    assert answer.values(USER) == ([] if form is Form.REFUSAL else [ADA])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT", b"trace", b"Track"])
async def test_19_methods_that_echo_or_tunnel_are_not_there(
    walls: Fortress, form: Form, method: bytes
) -> None:
    for target in (b"/x", b"/public/x", b"/.gateway/", b"/optional/x"):
        answer = await ask(walls, form, target, method=method, person="ada")
        assert not passes(answer, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("host", SAME.values(), ids=SAME)
async def test_12_spellings_of_our_host_are_our_host(
    walls: Fortress, form: Form, host: bytes
) -> None:
    host = host.replace(b"PORT", walls.host.rpartition(b":")[2])
    assert passes(await ask(walls, form, b"/x", person="ada", host=host), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("host", OTHERS.values(), ids=OTHERS)
async def test_12_14_any_other_host_is_refused(
    walls: Fortress, form: Form, host: bytes
) -> None:
    if form is Form.URL and b"/" in host:
        return  # no proxy takes it for a host, and an URL of it has another path
    for target in (b"/x", b"/public/x", b"/.gateway/userinfo"):
        answer = await ask(walls, form, target, person="ada", host=host)
        assert not passes(answer, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "target",
    [
        b"http://169.254.169.254/public/x", b"http://HOST@evil.example/public/x",
        b"http://evil.example#@HOST/public/x", b"http:///public/x", b"@evil/public/x",
        b"//evil.example/public/x", b"*", b"HOST", b"ws://HOST/public/x", b"public/x",
        b"file:///etc/passwd", b"http:/public/x", b"", b" /public/x", b"/public/x ",
        b"/x /public/x", b"/x\t/public/x", b"/public#/x",
    ],
)  # fmt: skip
async def test_12_14_no_target_stands_for_another(
    walls: Fortress, form: Form, target: bytes
) -> None:
    answer = await ask(walls, form, target.replace(b"HOST", walls.host))
    blanks = target.strip(b" ") == b"/public/x" and form is not Form.PATH
    assert not passes(answer, form) or blanks  # around a value they are not part of it


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
async def test_19_another_site_uses_no_session(
    walls: Fortress, form: Form, fields: tuple[Field, ...]
) -> None:
    said = [(name, value.replace(b"OURS", walls.origin)) for name, value in fields]
    if all(name != b"Origin" for name, _ in said):
        said.append((b"Origin", b"null"))
    for target in (b"/x", b"/optional/x"):
        for method in UNSAFE:
            answer = await ask(walls, form, target, *said, person="ada", method=method)
            assert answer.status == 403
        answer = await ask(walls, form, target, *said, person="ada", upgrade=True)
        assert answer.status == 403


@pytest.mark.parametrize("form", FORMS)
async def test_19_nothing_but_a_person_is_sent_to_sign_in(
    walls: Fortress, form: Form
) -> None:
    image: tuple[Field, ...] = (
        (b"Sec-Fetch-Site", b"cross-site"),
        (b"Sec-Fetch-Mode", b"no-cors"),
        (b"Sec-Fetch-Dest", b"image"),
    )
    for fields in (image, (*NAVIGATION, (b"Sec-Purpose", b"prefetch"))):
        answer = await ask(walls, form, b"/x", *fields)
        assert answer.status == 401
        assert answer.values(b"Location") == []
        assert answer.values(b"X-Auth-Request-Redirect") == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "target",
    [
        b"/.gateway/", b"/.gateway", b"/.gateway/userinfo", b"/.gateway/auth",
        b"/.GATEWAY/userinfo", b"/%2egateway/userinfo", b"//.gateway/userinfo",
        b"/.gateway/healthz", b"/.gateway/sign-in", b"/.gateway/auth/public/x",
        b"/.gateway/assets/page.css", b"/.gateway;x/userinfo",
    ],
)  # fmt: skip
async def test_06_our_own_addresses_are_no_applications(
    walls: Fortress, form: Form, target: bytes
) -> None:
    for person in (None, "ada"):
        assert not passes(await ask(walls, form, target, person=person), form)
