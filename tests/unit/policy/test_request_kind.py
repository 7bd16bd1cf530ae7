import pytest

from gateway.fields import Field
from gateway.policy.request_kind import RequestKind, request_kind

HTML = (b"Accept", b"text/html,application/xhtml+xml,*/*;q=0.8")


def fetch(mode: bytes, destination: bytes) -> list[Field]:
    return [(b"Sec-Fetch-Mode", mode), (b"sec-fetch-dest", destination)]


NAVIGATE = fetch(b"navigate", b"document")


@pytest.mark.parametrize(
    ("method", "fields", "kind"),
    [
        pytest.param("GET", NAVIGATE, RequestKind.NAVIGATION, id="link"),
        pytest.param("POST", NAVIGATE, RequestKind.NAVIGATION, id="form"),
        pytest.param(
            "GET",
            [*fetch(b"cors", b"empty"), HTML],
            RequestKind.PROGRAM,
            id="fetch-that-accepts-html",
        ),
        pytest.param(
            "GET", fetch(b"no-cors", b"image"), RequestKind.PROGRAM, id="image"
        ),
        pytest.param(
            "GET", fetch(b"websocket", b"empty"), RequestKind.PROGRAM, id="websocket"
        ),
        pytest.param(
            "GET",
            [(b"Sec-Fetch-Mode", b"navigate"), HTML],
            RequestKind.PROGRAM,
            id="half-the-metadata",
        ),
        pytest.param(
            "GET",
            [*NAVIGATE, (b"Sec-Fetch-Dest", b"document")],
            RequestKind.PROGRAM,
            id="metadata-twice",
        ),
        *(
            pytest.param(
                "GET",
                fetch(b"navigate", destination),
                RequestKind.FRAME,
                id=f"frame-{destination.decode()}",
            )
            for destination in (
                b"iframe",
                b"frame",
                b"embed",
                b"object",
                b"fencedframe",
            )
        ),
        *(
            pytest.param(
                "GET",
                [*NAVIGATE, (name, value)],
                RequestKind.BACKGROUND,
                id=f"{name.decode()}-{value.decode()}",
            )
            for name, value in (
                (b"Sec-Purpose", b"prefetch"),
                (b"Sec-Purpose", b"prefetch;prerender"),
                (b"sec-purpose", b"Prefetch;anonymous-client-ip"),
                (b"Purpose", b"prefetch"),
                (b"X-Purpose", b"preview"),
                (b"X-moz", b"prefetch"),
            )
        ),
        pytest.param(
            "GET",
            [HTML, (b"Purpose", b"prefetch")],
            RequestKind.BACKGROUND,
            id="prefetch-without-metadata",
        ),
        pytest.param(
            "GET",
            fetch(b"same-origin", b"serviceworker"),
            RequestKind.BACKGROUND,
            id="service-worker",
        ),
        pytest.param(
            "GET",
            [(b"Service-Worker", b"script"), HTML],
            RequestKind.BACKGROUND,
            id="service-worker-without-metadata",
        ),
        pytest.param(
            "GET", fetch(b"cors", b"manifest"), RequestKind.BACKGROUND, id="manifest"
        ),
        pytest.param("GET", [HTML], RequestKind.NAVIGATION, id="old-browser"),
        pytest.param("HEAD", [HTML], RequestKind.NAVIGATION, id="old-browser-head"),
        pytest.param("POST", [HTML], RequestKind.PROGRAM, id="old-browser-post"),
        pytest.param("get", [HTML], RequestKind.PROGRAM, id="attack-11-lower-case"),
        pytest.param(
            "GET",
            [HTML, (b"X-Requested-With", b"XMLHttpRequest")],
            RequestKind.PROGRAM,
            id="old-script",
        ),
        pytest.param(
            "GET",
            [(b"Accept", b"image/png"), (b"accept", b" Text/HTML;q=0.9 ")],
            RequestKind.NAVIGATION,
            id="html-in-a-second-field",
        ),
        pytest.param("GET", [], RequestKind.PROGRAM, id="nothing"),
        pytest.param(
            "GET", [(b"Accept", b"*/*")], RequestKind.PROGRAM, id="curl-accepts-all"
        ),
        pytest.param(
            "GET",
            [(b"Accept", b"text/htmlx, x/text/html")],
            RequestKind.PROGRAM,
            id="similar-names",
        ),
    ],
)
def test_who_waits_for_the_answer(
    method: str, fields: list[Field], kind: RequestKind
) -> None:
    assert request_kind(method, fields) is kind
