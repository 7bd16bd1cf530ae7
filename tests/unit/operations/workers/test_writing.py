"""What supervisor and workers say to each other is exactly what is listed."""

import json
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.operations.workers.figures import Family, Sample
from gateway.operations.workers.messages import (
    Answer,
    AskTold,
    Begin,
    Done,
    Ended,
    FirstUse,
    FromSupervisor,
    FromWorker,
    Hello,
    Keep,
    Known,
    Message,
    Stop,
    Told,
    Turn,
)
from gateway.operations.workers.writing import (
    Garbled,
    from_supervisor,
    from_worker,
    write,
)
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session

texts = st.text() | st.just("\ud800")
times = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.integers(-(2**62), 2**62)
identities = st.builds(
    Identity,
    sub=st.text(min_size=1) | st.just("\ud800"),
    username=st.none() | texts,
    x_username=st.none() | texts,
    x_id=st.none() | texts,
    name=st.none() | texts,
    email=st.none() | texts,
    email_verified=st.booleans(),
    picture=st.none() | texts,
)
sessions = st.builds(
    Session,
    id=texts,
    signed_in_at=numbers,
    seen_at=numbers,
    expires_at=numbers,
    identity=identities,
    refresh_token=st.none() | texts,
    sid=st.none() | texts,
    revalidated_at=numbers,
    generation=numbers,
)
marks = st.builds(Mark, st.sampled_from(Whose), texts, times, times)
samples = st.builds(Sample, texts, st.lists(st.tuples(texts, texts)).map(tuple), times)
families = st.builds(Family, texts, texts, texts, st.lists(samples).map(tuple))
for kind, strategy in (
    (Session, sessions),
    (Mark, marks),
    (Family, families),
    (float, times),
    (str, texts),
):
    st.register_type_strategy(kind, strategy)


@given(st.one_of(*map(st.from_type, get_args(FromWorker))))
def test_what_a_worker_says_arrives_as_it_was_said(message: FromWorker) -> None:
    assert from_worker(write(message)) == message
    with pytest.raises(Garbled):
        from_supervisor(write(message))


@given(st.one_of(*map(st.from_type, get_args(FromSupervisor))))
def test_what_the_supervisor_says_arrives_as_it_was_said(
    message: FromSupervisor,
) -> None:
    assert from_supervisor(write(message)) == message
    with pytest.raises(Garbled):
        from_worker(write(message))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"{}", id="no list"),
        pytest.param(b"[]", id="no name"),
        pytest.param(b'"Hello"', id="a text"),
        pytest.param(b'["Nonsense"]', id="an unknown name"),
        pytest.param(b"[1]", id="no text for a name"),
        pytest.param(b"[[]]", id="a list for a name"),
        pytest.param(b'["Hello", 1]', id="a value too many"),
        pytest.param(b'["AskTold"]', id="a value missing"),
        pytest.param(b'["AskTold", "1"]', id="a text for a number"),
        pytest.param(b'["AskTold", true]', id="true for a number"),
        pytest.param(b'["AskTold", 1.0]', id="a fraction for a whole number"),
        pytest.param(b'["AskTold", null]', id="nothing for a number"),
        pytest.param(b'["Done", 1, 1]', id="a number for true or false"),
        pytest.param(b'["FirstUse", 1, 2, 3]', id="a number for a text"),
        pytest.param(b'["FirstUse", 1, "n", NaN]', id="no number"),
        pytest.param(b'["FirstUse", 1, "n", Infinity]', id="no end"),
        pytest.param(b'["FirstUse", 1, "n", 1e999]', id="too large"),
        pytest.param(b'["Keep", "[]", 1]', id="no session"),
        pytest.param(b'["Keep", {}, 1]', id="no session's text"),
        pytest.param(b'["Ended", ["nobody", "", 1, 1]]', id="marks nobody"),
        pytest.param(b'["Ended", ["session", "", 1]]', id="half a mark"),
        pytest.param(b'["Figures", 1, [["a", "b", "c"]]]', id="half a family"),
        pytest.param(b'["Figures", 1, {}]', id="no families"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b'["Hello"] ["Hello"]', id="two at once"),
    ],
)
def test_anything_else_is_refused_and_not_quoted(said: bytes) -> None:
    with pytest.raises(Garbled) as caught:
        from_worker(said)
    assert str(caught.value) == "what came is no message that may come"
    assert caught.value.__cause__ is None


def test_no_secret_is_shown_by_a_message() -> None:
    adas = Identity("ada", None, None, None, None, None, False, None)  # noqa: FBT003
    session = Session("id", 1, 1, 1, adas, "secret-token", "secret-sid")
    for message in (Keep(session, 1.0), Turn(1, session)):
        assert "secret" not in repr(message)


def test_how_messages_stand_on_the_wire() -> None:
    mark = Mark(Whose.SUBJECT, "ada", 1.0, 2.5)
    said: dict[Message, list[object]] = {
        Hello(): ["Hello"],
        FirstUse(1, "attempt x", 2.0): ["FirstUse", 1, "attempt x", 2.0],
        Ended(mark): ["Ended", ["subject", "ada", 1.0, 2.5]],
        AskTold(7): ["AskTold", 7],
        Done(1, kept=False): ["Done", 1, False],
        Answer(1, yes=True): ["Answer", 1, True],
        Turn(1, None): ["Turn", 1, None],
        Known((mark, mark)): ["Known", [["subject", "ada", 1.0, 2.5]] * 2],
        Told(3, mark): ["Told", 3, ["subject", "ada", 1.0, 2.5]],
        Begin(): ["Begin"],
        Stop(): ["Stop"],
    }
    for message, written in said.items():
        assert json.loads(write(message)) == written
