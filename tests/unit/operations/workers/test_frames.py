"""Messages are cut apart where they end, however they arrive."""

import pytest
from hypothesis import given, strategies as st

from gateway.operations.workers.frames import LONGEST, Frames, FrameTooLong, frame


@given(st.lists(st.binary(max_size=40)), st.integers(1, 17))
def test_payloads_come_out_whole_and_in_order(payloads: list[bytes], size: int) -> None:
    sent = b"".join(map(frame, payloads))
    frames, found = Frames(), list[bytes]()
    for start in range(0, len(sent), size):
        found += frames.feed(sent[start : start + size])
    assert found == payloads


def test_half_a_message_is_waited_for() -> None:
    frames = Frames()
    assert frames.feed(b"\x00\x00\x00\x02a") == []
    assert frames.feed(b"b\x00") == [b"ab"]


def test_a_length_beyond_all_bounds_is_refused_before_it_takes_memory() -> None:
    with pytest.raises(FrameTooLong):
        Frames().feed((LONGEST + 1).to_bytes(4, "big"))


def test_nothing_longer_is_sent() -> None:
    with pytest.raises(FrameTooLong):
        frame(bytes(LONGEST + 1))
