"""What of a client's fields may go on."""

import pytest
from hypothesis import given, strategies as st

from gateway.fields import Field
from gateway.proxying.hop_by_hop import end_to_end
from gateway.proxying.request_headers import RequestHeaders

OURS = frozenset({b"x-forwarded-user", b"remote-user"})
HOST = (b"Host", b"app")


class Ours:
    def __contains__(self, name: object) -> bool:
        return isinstance(name, bytes) and name.lower().replace(b"_", b"-") in OURS


def strip(value: bytes) -> bytes | None:
    return value.replace(b"own=1; ", b"") if value != b"own=1" else None


def rule() -> RequestHeaders:
    return RequestHeaders(Ours(), strip)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param([HOST, (b"A", b"1")], [HOST, (b"A", b"1")], id="plain"),
        pytest.param([(b"A", b"1")], [HOST, (b"A", b"1")], id="no Host"),
        pytest.param(
            [(b"A", b"1"), (b"hOsT", b"x")],
            [(b"A", b"1"), (b"hOsT", b"app")],
            id="Host stays in place",
        ),
        pytest.param(
            [HOST, (b"Remote_User", b"x")], [HOST], id="ours in another spelling"
        ),
        pytest.param(
            [HOST, (b"Cookie", b"own=1; a=2")], [HOST, (b"Cookie", b"a=2")], id="cookie"
        ),
        pytest.param([HOST, (b"Cookie", b"own=1")], [HOST], id="only our cookie"),
        pytest.param(
            [(b"Connection", b"X-A, close"), HOST, (b"x-a", b"1")], [HOST], id="named"
        ),
        pytest.param(
            [
                HOST,
                (b"A", b"1"),
                (b"Connection", b"a"),
                (b"Connection", b"b"),
                (b"B", b"1"),
            ],
            [HOST],
            id="named twice",
        ),
        pytest.param(
            [
                HOST,
                (b"Connection", b"host, cookie, content-length, transfer-encoding"),
                (b"Cookie", b"a"),
                (b"Content-Length", b"1"),
            ],
            [HOST, (b"Cookie", b"a"), (b"Content-Length", b"1")],
            id="never named",
        ),
        pytest.param(
            [HOST, (b"Transfer-Encoding", b"chunked")],
            [HOST, (b"Transfer-Encoding", b"chunked")],
            id="the framing stays",
        ),
        pytest.param([HOST, (b"TE", b"gzip")], [HOST], id="TE"),
        pytest.param([HOST, (b"X-Request-ID", b"x")], [HOST], id="request id"),
        pytest.param(
            [HOST, (b"Expect", b"100-continue")],
            [HOST, (b"Expect", b"100-continue")],
            id="expect",
        ),
    ],
)
def test_fields(fields: list[Field], expected: list[Field]) -> None:
    assert rule().clean(fields, b"app").fields == expected


def test_two_traceparents_are_none() -> None:
    parent = (b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")
    state = (b"tracestate", b"x=1")
    once = rule().clean([HOST, parent, state], b"app")
    assert (once.traced, once.fields) == (True, [HOST, parent, state])
    twice = rule().clean([HOST, parent, parent, state], b"app")
    assert (twice.traced, twice.fields) == (False, [HOST])


SPELLINGS = st.sampled_from(
    [
        b"X-Forwarded-User",
        b"x_forwarded_user",
        b"X-FORWARDED_USER",
        b"remote-user",
        b"Remote_User",
    ]
)
OTHERS = st.sampled_from(
    [b"Accept", b"X-Other", b"Connection", b"TE", b"Cookie", b"Via"]
)
VALUES = st.sampled_from(
    [
        b"x",
        b"x-forwarded-user, remote-user, host",
        b"trailers",
        b"close",
        b"own=1; b",
        b"",
    ]
)
FIELDS = st.lists(st.tuples(st.one_of(SPELLINGS, OTHERS), VALUES), max_size=12)


@given(FIELDS)
def test_no_spelling_of_ours_ever_passes(fields: list[Field]) -> None:
    kept = rule().clean([*fields, HOST], b"app").fields
    assert not any(name in Ours() for name, _ in kept)
    assert [value for name, value in kept if name.lower() == b"host"] == [b"app"]


@given(FIELDS)
def test_what_passes_keeps_its_order(fields: list[Field]) -> None:
    kept = [field for field in rule().clean(fields, b"app").fields if field in fields]
    rest = iter(fields)
    assert all(
        field in rest for field in kept if field[0] not in {b"TE", b"Connection"}
    )


@given(st.lists(st.binary(min_size=1, max_size=70), max_size=50))
def test_the_memory_of_names_changes_nothing(names: list[bytes]) -> None:
    rules = rule()
    fields = [(name, b"x") for name in names]
    first = rules.clean(list(fields), b"app").fields
    assert rules.clean(list(fields), b"app").fields == first
    assert rule().clean(list(fields), b"app").fields == first


def test_trailers_that_decide_something_stay_here() -> None:
    fields = [
        (b"X-Sum", b"1"),
        (b"Content-Length", b"1"),
        (b"Cookie", b"a"),
        (b"Host", b"x"),
        (b"Remote-User", b"x"),
        (b"Transfer-Encoding", b"chunked"),
    ]
    assert rule().trailers(fields) == [(b"X-Sum", b"1")]


def test_hop_by_hop() -> None:
    fields = [
        (b"Connection", b"x, Close"),
        (b"X", b"1"),
        (b"Y", b"1"),
        (b"keep-ALIVE", b"1"),
    ]
    assert end_to_end(fields) == [(b"Y", b"1")]
