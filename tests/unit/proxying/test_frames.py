"""Frames are followed whatever pieces they come in."""

import pytest
from aiohttp import WSCloseCode
from hypothesis import given, strategies as st

from gateway.proxying.frames import FrameEnds, close_frame


def frame(length: int, *, masked: bool = False, first: int = 0x82) -> bytes:
    mask = 0x80 if masked else 0
    if length < 126:
        head = bytes((first, mask | length))
    elif length < 65536:
        head = bytes((first, mask | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, mask | 127)) + length.to_bytes(8, "big")
    return head + (b"MASK" if masked else b"") + b"\x81" * length


LENGTHS = st.integers(0, 300) | st.sampled_from([125, 126, 127, 65535, 65536, 70000])
FRAMES = st.lists(
    st.builds(
        lambda length, masked: frame(length, masked=masked), LENGTHS, st.booleans()
    ),
    max_size=6,
)


@given(FRAMES, st.lists(st.integers(1, 80_000), max_size=12))
def test_it_knows_where_frames_end(frames: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(frames)
    ends = {0}
    for one in frames:
        ends.add(max(ends) + len(one))
    places = sorted({min(cut, len(whole)) for cut in cuts} | {len(whole)})
    follower, at = FrameEnds(), 0
    for place in places:
        follower.feed(whole[at:place])
        at = place
        assert follower.between is (at in ends)
        if not follower.between:
            next_end = min(end for end in ends if end > at)
            assert follower.rest(whole[at:]) == next_end - at
            assert follower.rest(whole[at : next_end - 1]) is None


@pytest.mark.parametrize("length", [0, 5, 125, 126, 65535, 65536])
def test_one_byte_at_a_time(length: int) -> None:
    follower = FrameEnds()
    whole = frame(length)
    for place in range(len(whole)):
        follower.feed(whole[place : place + 1])
        assert follower.between is (place == len(whole) - 1)


def test_a_close_frame() -> None:
    told = close_frame(WSCloseCode.POLICY_VIOLATION, "over")
    assert told == b"\x88\x06\x03\xf0over"
