"""Routes and targets by chance: what is let through is let through in every reading."""

from collections.abc import Sequence

from hypothesis import assume, given, strategies as st

from config.routes import Route
from gateway.routing.own_address import own_address
from gateway.routing.table import Choice, Matched, RouteTable
from gateway.routing.target import Target, parse_target
from tests.support.applications_reading import readings
from tests.support.fuzzing import briefly

HOST = "app.example.com"
WORDS = ("admin", "public", "api", "v1", "a", "index.php", "x.json", ".gateway")
TRICKS = (
    "/", "//", "/./", "/../", "%2f", "%2F", "%5c", "\\", "%2e", "%2e%2e", ";",
    ";x=1", "%3b",
    "%00", "%0a", "%20", " ", ".", "..", "?", "%3f", "#", "%23", "%25", "%252f",
    "%252e",
    "%255c", "%c0%af", "%ef%bc%8f", "%", "%u002f", "~", "*", ":", "@", "\t", "%7f", "é",
)  # fmt: skip

paths = st.lists(st.sampled_from(WORDS[:5]), min_size=0, max_size=3).map(
    lambda words: "/" + "/".join(words)
)
accesses = st.sampled_from(("public", "optional", "signed-in"))
allows = st.sampled_from(("anyone", {"x_ids": ["1"]}, {"x_ids": ["2"]}))


def _spelt(word: str, how: int) -> str:
    match how:
        case 0:
            return word
        case 1:
            return word.upper()
        case 2:
            return f"%{ord(word[0]):02x}{word[1:]}"
        case 3:
            return f"{word[:-1]}%25{ord(word[-1]):02X}"
        case _:
            return "".join(f"%{ord(letter):02x}" for letter in word)


usually = {
    "/": st.sampled_from(("/",) * 60 + TRICKS),
    "": st.sampled_from(("",) * 60 + TRICKS),
}
spellings = st.sampled_from((0, 0, 0, 0, 0, 1, 2, 3, 4))


@st.composite
def targets(draw: st.DrawFn, published: Sequence[str]) -> bytes:
    """Return what looks like one of the *published* paths, and may be another."""
    raw = ""
    for path in draw(st.lists(st.sampled_from(published), min_size=1, max_size=2)):
        for word in path.split("/")[1:] + draw(
            st.lists(st.sampled_from(WORDS), max_size=1)
        ):
            raw += draw(usually["/"]) + (_spelt(word, draw(spellings)) if word else "")
            raw += draw(usually[""])
    return raw.encode()


@st.composite
def tables(draw: st.DrawFn) -> tuple[Sequence[Route], RouteTable]:
    """Return some routes with different paths, and their table."""
    routes = [
        Route.model_validate({
            "path": path,
            "upstream": "http://127.0.0.1:1",
            "access": draw(accesses),
            "allow": draw(allows),
        })
        for path in draw(st.lists(paths, min_size=1, max_size=5, unique=True))
    ]  # fmt: skip
    return routes, RouteTable(routes, HOST)


def plainly(routes: Sequence[Route], path: bytes) -> Route | None:
    """Return the route with the longest path that *path* equals or is below."""
    path = path.lower()
    below = [
        route
        for route in routes
        if route.path == "/"
        or path == route.path.encode()
        or path.startswith(route.path.encode() + b"/")
    ]
    return max(below, key=lambda route: len(route.path), default=None)


def rules(route: Route | None) -> object:
    if route is None or route.access == "public":
        return route and route.access
    return route.access, route.allow


@given(tables(), st.data())
@briefly(150)
def test_a_decision_holds_for_whatever_an_application_reads(
    table: tuple[Sequence[Route], RouteTable], data: st.DataObject
) -> None:
    routes, made = table
    raw = data.draw(targets([route.path for route in routes]))
    target = parse_target(raw)
    assume(isinstance(target, Target))
    assert isinstance(target, Target)
    choice: Choice = made.choose(HOST, target.path, "GET")
    if own_address(target.path) is not None or not isinstance(choice, Matched):
        return
    assert target.raw == raw
    for reading in readings(target.path):
        read = plainly(routes, reading)
        if read is not None:  # an application has nothing where nobody published it
            assert rules(read) == rules(choice.route), reading


@given(st.binary(max_size=200))
@briefly(200)
def test_no_bytes_make_a_target_fail(raw: bytes) -> None:
    for each in (raw, b"/" + raw, b"http://" + raw):
        target = parse_target(each)
        if isinstance(target, Target):
            assert target.path.startswith(b"/")
            assert target.raw == each or target.authority is not None
            own_address(target.path)
