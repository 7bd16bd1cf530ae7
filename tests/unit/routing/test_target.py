from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, strategies as st

from gateway.routing.readings import readings
from gateway.routing.target import BadTarget, Target, parse_target

# What attacks on paths are made of, so that chance finds them.
PIECES = [
    *("/", "//", "\\", ".", "..", "...", ";", ";x=1", "a", "admin", "ADMIN", "%61"),
    *("%2e", "%2E", "%2f", "%5c", "%3b", "%20", "%25", "%252e", "%252f", "%255c"),
    *(
        "%253b",
        "%c2%a0",
        "%25c2%25a0",
        "%2520",
        "%09",
        "%e3%80%80",
        "%c3%a9",
        "%c0%ae",
        "%e0%80%ae",
        "%00",
        "%0a",
        "%2500",
        "%",
        "%7f",
    ),
]
paths = st.lists(st.sampled_from(PIECES), max_size=8).map(
    lambda pieces: ("/" + "".join(pieces)).encode()
)


@pytest.mark.parametrize(
    ("raw", "path", "query"),
    [
        pytest.param(b"/", b"/", None, id="root"),
        pytest.param(b"/?", b"/", b"", id="empty-query"),
        pytest.param(b"/a?b?c=/../", b"/a", b"b?c=/../", id="dots-in-the-query"),
        pytest.param(
            b"/api/private?path=/status",
            b"/api/private",
            b"path=/status",
            id="attack-04-a-rule-sees-the-path-only",
        ),
        pytest.param(b"/a%23b", b"/a%23b", None, id="attack-05-escaped-hash"),
        pytest.param(b"/a%2Fb", b"/a%2Fb", None, id="escaped-slash-kept"),
        pytest.param(b"//a//b", b"//a//b", None, id="double-slashes-kept"),
        pytest.param(b"/%41", b"/%41", None, id="needless-escape-kept"),
        pytest.param(b"/a\\b", b"/a\\b", None, id="backslash-kept"),
        pytest.param(b"/a;x=1/b", b"/a;x=1/b", None, id="parameters-kept"),
        pytest.param(b'/"<>^`{|}', b'/"<>^`{|}', None, id="unwise-signs-kept"),
        pytest.param(b"/caf%C3%A9", b"/caf%C3%A9", None, id="utf-8"),
        pytest.param(b"/caf%E9", b"/caf%E9", None, id="latin-1"),
        pytest.param(b"/100%25", b"/100%25", None, id="escaped-percent"),
        pytest.param(b"/.well-known/x", b"/.well-known/x", None, id="dot-file"),
        pytest.param(b"/a.b/..c/d..", b"/a.b/..c/d..", None, id="dots-in-names"),
        pytest.param(b"/...", b"/...", None, id="three-dots"),
        pytest.param(b"/.../a%20b", b"/.../a%20b", None, id="three-dots-and-escape"),
        pytest.param(b"/%20/a", b"/%20/a", None, id="blank-name"),
        pytest.param(b"/a%2eb", b"/a%2eb", None, id="escaped-dot-in-a-name"),
        pytest.param(b"/.%23a", b"/.%23a", None, id="dot-and-escaped-hash"),
        pytest.param(b"/?q=100%&x=%0d%0a", b"/", b"q=100%&x=%0d%0a", id="free-query"),
    ],
)
def test_a_target_goes_on_byte_for_byte(
    raw: bytes, path: bytes, query: bytes | None
) -> None:
    assert parse_target(raw) == Target(raw, path, query, None)


@pytest.mark.parametrize(
    ("raw", "forwarded", "authority"),
    [
        pytest.param(b"http://app/a?b", b"/a?b", b"app", id="path-and-query"),
        pytest.param(b"HTTPS://App:443/", b"/", b"App:443", id="scheme-in-capitals"),
        pytest.param(b"http://app", b"/", b"app", id="no-path"),
        pytest.param(b"http://app?x", b"/?x", b"app", id="query-without-path"),
        pytest.param(b"http://[::1]:80/", b"/", b"[::1]:80", id="ipv6"),
        pytest.param(
            b"http://169.254.169.254/",
            b"/",
            b"169.254.169.254",
            id="attack-14-the-authority-is-for-the-caller-to-refuse",
        ),
    ],
)
def test_absolute_form_becomes_origin_form(
    raw: bytes, forwarded: bytes, authority: bytes
) -> None:
    target = parse_target(raw)
    assert isinstance(target, Target)
    assert (target.raw, target.authority) == (forwarded, authority)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"*", id="asterisk-form"),
        pytest.param(b"app:443", id="authority-form"),
        pytest.param(b"a", id="no-slash"),
        pytest.param(b"?a", id="only-query"),
        pytest.param(b"ftp://app/", id="another-scheme"),
        pytest.param(b"http:/app/", id="one-slash"),
        pytest.param(b"http:///a", id="no-authority"),
        pytest.param(b"http://me@app/", id="attack-12-userinfo"),
        pytest.param(b"http://app:x/", id="attack-12-port-garbage"),
        pytest.param(b"http://app\\@evil/", id="attack-14-backslash-authority"),
        pytest.param(b"http://app/../b", id="dots-in-absolute-form"),
        pytest.param(b"/a b", id="space"),
        pytest.param(b"/a\tb", id="tab"),
        pytest.param(b"/a\x00", id="raw-nul"),
        pytest.param(b"/a\r\n", id="raw-crlf"),
        pytest.param(b"/a\x7f", id="delete"),
        pytest.param(b"/a?b\x01", id="control-in-query"),
        pytest.param(b"/a#b", id="attack-05-hash"),
        pytest.param(b"/a?b#c", id="attack-05-hash-in-query"),
        pytest.param("/é".encode(), id="raw-utf-8"),
        pytest.param(b"/a?\xff", id="raw-byte-in-query"),
        pytest.param(b"/%", id="broken-escape"),
        pytest.param(b"/%4", id="half-escape"),
        pytest.param(b"/%zz", id="escape-without-digits"),
        pytest.param(b"/%u002e", id="microsoft-escape"),
        pytest.param(b"/a%00", id="attack-06-nul"),
        pytest.param(b"/a%0a", id="attack-06-newline"),
        pytest.param(b"/a%0D", id="attack-06-carriage-return"),
        pytest.param(b"/a%2500", id="attack-06-nul-twice"),
        pytest.param(b"/%c0%ae", id="attack-06-overlong-dot"),
        pytest.param(b"/%c0%af", id="attack-06-overlong-slash"),
        pytest.param(b"/%e0%80%af", id="attack-06-overlong-three"),
        pytest.param(b"/%f0%80%80%af", id="attack-06-overlong-four"),
        pytest.param(b"/%f8%80%80%80%af", id="attack-06-overlong-five"),
        pytest.param(b"/%25c0%25ae", id="attack-06-overlong-twice"),
        pytest.param(b"/public/../admin", id="attack-06-up"),
        pytest.param(b"/public/..", id="attack-06-up-at-the-end"),
        pytest.param(b"/./admin", id="attack-06-here"),
        pytest.param(b"/.", id="attack-06-here-at-the-end"),
        pytest.param(b"/public/%2e%2e/admin", id="attack-06-escaped-dots"),
        pytest.param(b"/public/.%2E/admin", id="attack-06-one-escaped-dot"),
        pytest.param(b"/public/..%3fx", id="attack-06-dots-before-an-escaped-query"),
        pytest.param(b"/public/..;x%2523", id="attack-06-dots-before-a-late-fragment"),
        pytest.param(b"/public/..%2fadmin", id="attack-06-escaped-slash"),
        pytest.param(b"/public%2f..%2fadmin", id="attack-06-both-slashes-escaped"),
        pytest.param(b"/public/%252e%252e/admin", id="attack-06-twice"),
        pytest.param(b"/public/..%252fadmin", id="attack-06-slash-twice"),
        pytest.param(b"/public/..\\admin", id="attack-06-backslash"),
        pytest.param(b"/public\\..\\admin", id="attack-06-backslashes"),
        pytest.param(b"/public/..%5cadmin", id="attack-06-escaped-backslash"),
        pytest.param(b"/public/..%255cadmin", id="attack-06-backslash-twice"),
        pytest.param(b"/public/..;x/admin", id="attack-06-parameter"),
        pytest.param(b"/public/..;/admin", id="attack-06-empty-parameter"),
        pytest.param(b"/public/..%3bx/admin", id="attack-06-escaped-parameter"),
        pytest.param(b"/public/..%20/admin", id="attack-06-padded"),
        pytest.param(b"/public/%20../admin", id="attack-06-padded-before"),
        pytest.param(b"/public/..%20./admin", id="attack-06-padded-between"),
        pytest.param(b"/public/..%C2%A0/admin", id="attack-06-padded-in-unicode"),
        pytest.param(b"/public/%252e%252e./admin", id="attack-06-trimmed-between"),
        pytest.param(b"/public/..%09;a/admin", id="attack-06-padded-parameter"),
    ],
)
def test_some_targets_are_never_forwarded(raw: bytes) -> None:
    assert isinstance(parse_target(raw), BadTarget)


@given(paths)
@example(b"/a/%2e%2e/b")
def test_no_reading_of_a_forwarded_path_goes_up(path: bytes) -> None:
    target = parse_target(path)
    if isinstance(target, BadTarget):
        return
    for reading in readings(target.path) or ():
        # An empty name may remain where blanks and dots were trimmed; up is never.
        names = reading.replace(b"\\", b"/").split(b"/")
        assert not {b".", b".."} & {name.partition(b";")[0] for name in names}


@given(paths)
def test_no_reading_of_a_forwarded_path_is_cut_short(path: bytes) -> None:
    target = parse_target(path)
    if isinstance(target, BadTarget):
        return
    for reading in (
        path,
        unquote_to_bytes(path),
        unquote_to_bytes(unquote_to_bytes(path)),
    ):
        assert not set(b"\x00\r\n") & set(reading)


@given(st.binary(max_size=40))
def test_every_target_is_parsed_without_an_exception(raw: bytes) -> None:
    target = parse_target(raw)
    if isinstance(target, Target):
        query = b"" if target.query is None else b"?" + target.query
        assert target.raw == target.path + query
        assert target.raw.startswith(b"/")


def test_long_targets_take_no_long_time() -> None:
    for piece in (b"/.", b"%25", b"%2e", b"/..;", b"%20", b"/..%20", b";", b"http://"):
        parse_target(b"/" + piece * (64 * 1024 // len(piece)))
