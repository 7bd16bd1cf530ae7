"""One log of several processes: whole lines, and each says whose it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, strategies as st

from gateway.operations.log_sharing import PIECE, LogSharing, new_lock
from gateway.operations.log_writer import LogWriter
from tests.support.project import ROOT

WRITE = """
import sys
from gateway.operations.log_sharing import LogSharing
from gateway.operations.log_writer import LogWriter
number, lock = int(sys.argv[1]), int(sys.argv[2])
writer = LogWriter(sys.stdout, None, LogSharing(number, lock))
for n in range(300):
    writer.write('{"n": %d, "text": "%s"}' % (n, str(number) * (n * 37 % 9000)))
writer.close(10)
assert writer.lost == 0
"""


def test_lines_of_several_processes_do_not_mix() -> None:
    lock = new_lock()
    ours, theirs = os.pipe()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(number), str(lock)],
            stdout=theirs,
            pass_fds=[lock],
            cwd=ROOT,
        )
        for number in (1, 2, 3)
    ]
    os.close(theirs)
    os.close(lock)
    with open(ours, "rb") as reader:  # noqa: PTH123 - a descriptor
        lines = [json.loads(line) for line in reader]
    for worker in workers:
        assert worker.wait(10) == 0
    for number in (1, 2, 3):
        its = [line for line in lines if line["worker"] == number]
        assert [line["n"] for line in its] == list(range(300))
        assert {*"".join(line["text"] for line in its)} == {str(number)}
    assert len(lines) == 900


def test_the_supervisor_signs_nothing_and_text_is_signed_in_front(
    tmp_path: Path,
) -> None:
    lock = new_lock()
    path = tmp_path / "log"
    with path.open("w") as stream:
        for number in (None, 7):
            writer = LogWriter(stream, None, LogSharing(number, lock))
            writer.write('{"event": "one"}')
            writer.write("readable")
            writer.close(5)
    os.close(lock)
    assert path.read_text().splitlines() == [
        '{"event": "one"}',
        "readable",
        '{"event": "one", "worker": 7}',
        "[7] readable",
    ]


@given(st.lists(st.integers(0, 3 * PIECE), min_size=1, max_size=40))
def test_pieces_are_whole_lines_that_a_pipe_takes_at_once(sizes: list[int]) -> None:
    lines = [b"x" * size + b"\n" for size in sizes]
    pieces = list(LogSharing(1, 0).pieces(b"".join(lines)))
    assert b"".join(pieces) == b"".join(lines)
    for piece in pieces:
        assert piece.endswith(b"\n")
        assert len(piece) <= PIECE or piece.count(b"\n") == 1
