"""Attacks 04-06: paths that the gateway reads in one way, and applications in another.

For every trick the upstream gets nothing, or exactly the bytes that were sent, under a
decision that is right for whatever an application may take them for.
"""

import random
from collections.abc import Callable
from itertools import product

import pytest

from tests.support.applications_reading import readings
from tests.support.fortress import Fortress

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = (b"/public", b"/private/open")  # and what is below, but for
PROTECTED = (b"/public/inner",)

TRICKS = (
    b"/../", b"/./", b"/%2e%2e/", b"/.%2e/", b"/%2E%2E/", b"/..%2f", b"/..%2F",
    b"/%2e%2e%2f", b"%2f..%2f", b"%2f", b"%2F", b"//", b"///", b"/%2f/", b"\\",
    b"/..\\",
    b"%5c", b"/..%5c", b"%5c..%5c", b"/%5c/", b"/..;/", b"/..;x=1/", b"/;/", b"/;x=1/",
    b";/", b";x=1/", b"/.;/", b"/%3b/", b"%3b/", b"/%2e;/", b"/..%3b/", b"/..%3f/",
    b"/..%23/", b"/%252e%252e/",
    b"/..%252f", b"%252f", b"%255c", b"/%25%32%65%25%32%65/", b"/%2e%252e/",
    b"/%2e%2e;/",
    b"/%c0%ae%c0%ae/", b"%c0%af", b"/..%c0%af", b"/%e0%80%ae%e0%80%ae/",
    b"%e0%80%af", b"%ef%bc%8f", b"/%ef%bc%8e%ef%bc%8e/", b"/%u002e%u002e/", b"%u002f",
    b"/..%00/", b"%00/", b"/%00", b"%0a/", b"/%0a", b"%0d%0a/", b"/%09/", b"/%20/",
    b"%20/", b"/.%20/", b"/..%20/", b"/. ./", b"/ /", b"/\t/", b"./", b"/.../",
    b"/..../",
    b".%20/", b"/%2e/", b"/%2e%2e", b"/..", b"/.", b"?/", b"%3f/", b"%3F", b"#/",
    b"%23/", b"%23", b"/*/", b"/~/", b"/%7e/", b"/&/", b"/:/", b"/%3a/", b"/@/", b"/%",
    b"/%2", b"/%zz", b"%2", b"%", b"/%ff/", b"/\xff/", b"/\xc0\xae/", b"/%e2%80%ae/",
)  # fmt: skip
WORDS = (b"public", b"inner", b"private", b"open", b"admin")
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda word: word,
    "capitals": bytes.upper,
    "a capital": bytes.title,
    "first letter escaped": lambda word: b"%%%02x" % word[0] + word[1:],
    "last letter escaped": lambda word: word[:-1] + b"%%%02X" % word[-1],
    "escaped capital": lambda word: b"%%%02x" % (word[0] - 32) + word[1:],
    "all escaped": lambda word: b"".join(b"%%%02x" % byte for byte in word),
    "escaped twice": lambda word: b"%%25%02x" % word[0] + word[1:],
    "full width": lambda word: b"%%ef%%bd%%%02x" % (word[0] - 32) + word[1:],
    "trailing dot": lambda word: word + b".",
    "trailing escaped dot": lambda word: word + b"%2e",
    "trailing blank": lambda word: word + b"%20",
    "leading blank": lambda word: b"%20" + word,
    "trailing tab": lambda word: word + b"%09",
    "trailing NUL": lambda word: word + b"%00",
    "trailing line feed": lambda word: word + b"%0a",
    "parameter": lambda word: word + b";x=1",
    "escaped parameter": lambda word: word + b"%3bx=1",
    "extension": lambda word: word + b".css",
    "stream": lambda word: word + b"::$DATA",
    "short name": lambda word: word[:3] + b"~1",
    "dotless i": lambda word: word.replace(b"i", b"%c4%b1"),
    "long s": lambda word: word.replace(b"p", b"%c5%bf"),
    "soft hyphen": lambda word: word[:2] + b"%c2%ad" + word[2:],
    "zero width": lambda word: word + b"%e2%80%8b",
}


def targets() -> list[bytes]:
    """Return every trick between, before and behind the words that matter."""
    found = [
        b"/" + one + trick + other for one, other in product(WORDS, WORDS)
        for trick in TRICKS
    ]  # fmt: skip
    for word in WORDS:
        found += [trick + word for trick in TRICKS]
        found += [b"/" + word + trick for trick in TRICKS]
        found += [b"/" + spell(word) for spell in SPELLINGS.values()]
        for other in WORDS:
            found += [b"/" + spell(word) + b"/" + other for spell in SPELLINGS.values()]
            found += [b"/" + word + b"/" + spell(other) for spell in SPELLINGS.values()]
    for root in (*PUBLIC, *PROTECTED):
        found += [root + trick for trick in TRICKS]
        found += [root + trick + word for trick in TRICKS for word in (b"x", *WORDS)]
        found += [trick + root for trick in TRICKS]
    for one, other in product(TRICKS[:50], TRICKS[:50]):
        found.append(b"/public/x" + one + other + b"inner")
    return list(dict.fromkeys(found))


def is_public(path: bytes) -> bool:
    """Return whether nobody needs to sign in for *path*, read as it stands here."""

    def below(roots: tuple[bytes, ...]) -> bool:
        return any(path == root or path.startswith(root + b"/") for root in roots)

    return below(PUBLIC) and not below(PROTECTED)


def shuffled() -> list[list[bytes]]:
    """Return the targets in some order, in parts."""
    every = targets()
    random.Random(6).shuffle(every)  # noqa: S311 - an order, no secret
    return [every[start::16] for start in range(16)]


@pytest.mark.parametrize("part", range(16))
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_06_without_a_session_only_what_is_public_in_every_reading_passes(
    walls: Fortress, part: int, *, upgrade: bool
) -> None:
    for target in shuffled()[part][:: 8 if upgrade else 1]:
        walls.upstream.requests.clear()
        answer = await walls.ask(target, upgrade=upgrade)
        assert answer.status in {200, 101, 302, 400, 401, 404, 405}, target
        if walls.upstream.requests:
            assert walls.upstream.targets == [target]
            path = target.partition(b"?")[0]
            assert {one for one in readings(path) if not is_public(one)} == set()
        else:
            assert answer.status not in {200, 101}, target


@pytest.mark.parametrize("part", range(4))
async def test_06_with_a_session_the_bytes_are_the_ones_that_were_sent(
    walls: Fortress, part: int
) -> None:
    for target in shuffled()[part][::2]:
        walls.upstream.requests.clear()
        answer = await walls.ask(target, person="ada")
        if walls.upstream.requests:
            assert (answer.status, walls.upstream.targets) == (200, [target])
            named = bool(walls.upstream.last.values(b"X-Forwarded-User"))
            path = target.partition(b"?")[0]
            # Nobody is named where all is public, and somebody where nothing is.
            assert {is_public(one) for one in readings(path)} == {not named}, target
        else:
            assert answer.status in {400, 404, 405}, target


async def test_06_there_are_targets_of_all_kinds(walls: Fortress) -> None:
    harmless = [b"/public/x%2Fy", b"/public//x", b"/public/%7Ex", b"/public/x;y/z"]
    for target in (*harmless, b"/public/..", b"/public%2fx", b"/PUBLIC", b"/pub%6cic"):
        await walls.ask(target)
    assert walls.upstream.targets == harmless


@pytest.mark.parametrize(
    "target",
    [
        b"/x?path=/public", b"/x?/public", b"/?/public/", b"/x?next=/public&rd=/public",
        b"/x?_original=/public", b"/x%3f/public", b"/public/inner?/../../public",
        b"/private?/open", b"/private?path=/private/open", b"/x;/public",
        b"/x?#/public",
        b"/private/?/open", b"/x?X-Original-URL=/public", b"/x&/public",
        b"/x?a\\/public",
    ],
)  # fmt: skip
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_04_a_rule_sees_the_path_only(
    walls: Fortress, target: bytes, *, upgrade: bool
) -> None:
    answer = await walls.ask(target, upgrade=upgrade)
    assert answer.status in {400, 401}
    assert walls.upstream.requests == []


@pytest.mark.parametrize("person", [None, "ada"])
@pytest.mark.parametrize(
    "target",
    [
        b"/public#/x", b"/public/#", b"/x#/public", b"/#", b"/public?a#b", b"#",
        b"#/public",
    ],
)  # fmt: skip
async def test_05_a_raw_fragment_is_malformed(
    walls: Fortress, target: bytes, person: str | None
) -> None:
    assert (await walls.ask(target, person=person)).status == 400
    assert walls.upstream.requests == []


async def test_05_an_escaped_number_sign_is_a_number_sign(walls: Fortress) -> None:
    assert (await walls.ask(b"/public/a%23b?c%23d")).status == 200
    assert walls.upstream.targets == [b"/public/a%23b?c%23d"]


@pytest.mark.parametrize(
    "target",
    [
        b"/.GATEWAY/userinfo", b"/%2egateway/userinfo", b"/.gateway%2fuserinfo",
        b"//.gateway/userinfo", b"/.gateway//userinfo", b"/.gateway;x/userinfo",
        b"/.gateway\\userinfo", b"/%252egateway/userinfo", b"/.gatewa%79/userinfo",
        b"/.gateway/user%69nfo", b"/.gateway/userinfo/", b"/.gateway/userinfo;x",
        b"/.gateway/../.gateway/userinfo", b"/x/../.gateway/userinfo",
        b"/.gateway%20/userinfo", b"/.gateway./userinfo",
        b"/.gateway/assets/..%2fuserinfo",
    ],
)  # fmt: skip
@pytest.mark.parametrize("person", [None, "ada"])
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_06_no_spelling_of_our_own_addresses_reaches_the_upstream(
    walls: Fortress, target: bytes, person: str | None, *, upgrade: bool
) -> None:
    answer = await walls.ask(target, person=person, upgrade=upgrade)
    assert answer.status in {400, 404}
    assert walls.upstream.requests == []
    assert b"2244994945" not in answer.body
