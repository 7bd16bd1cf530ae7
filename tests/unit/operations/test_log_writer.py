"""The thread that writes the log: in order, bounded, and nobody waits for it."""

import os
import select
import threading
from pathlib import Path

import pytest

from gateway.operations.log_writer import MOST_WAITING, LogWriter


def test_lines_are_written_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        writer = LogWriter(stream)
        for number in range(1000):
            writer.write(str(number))
        writer.close(5)
    assert path.read_text() == "".join(f"{number}\n" for number in range(1000))
    assert writer.lost == 0


def test_a_line_rouses_the_thread_and_flush_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        writer = LogWriter(stream)
        for number in range(3):
            writer.write(str(number))
            assert writer.flush(5)  # which rouses nobody itself
            assert path.read_text().endswith(f"{number}\n")
        writer.close(5)


def test_a_reader_that_stalls_costs_lines_and_not_memory() -> None:
    ours, theirs = os.pipe()
    told: list[int] = []
    said = threading.Event()

    def on_lost(lines: int) -> None:
        told.append(lines)
        said.set()

    with open(theirs, "w") as stream, open(ours, "rb") as reader:  # noqa: PTH123
        writer = LogWriter(stream, on_lost)
        line = "x" * 999
        for _ in range(3 * MOST_WAITING // len(line)):
            writer.write(line)
        assert writer.lost > 0
        assert not writer.flush(0.05)

        taken = 0
        while not said.is_set():
            # The last bytes may come just before it is said: do not wait for more.
            if select.select([reader], [], [], 0.05)[0]:
                taken += len(os.read(ours, 1024 * 1024))
        writer.close(5)
        assert told == [writer.lost]
        assert taken <= 2 * MOST_WAITING + 1024 * 1024


def test_a_reader_that_has_gone_raises_nothing() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "w") as stream:  # noqa: PTH123
        writer = LogWriter(stream)
        writer.write("one")
        writer.write("two")
        assert writer.flush(5)
        writer.close(5)
    assert writer.lost == 2


def test_a_full_disk_costs_lines_and_leaves_no_half_of_one() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as stream:
        writer = LogWriter(stream)
        writer.write("one")
        assert writer.flush(5)
        writer.close(5)
    assert writer.lost == 1


def test_without_a_stream_lines_are_lost() -> None:
    writer = LogWriter(None)
    writer.write("one")
    writer.close(5)
    assert writer.lost == 1


def test_after_the_end_lines_are_lost(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        writer = LogWriter(stream)
        writer.close(5)
        writer.write("late")
    assert (tmp_path / "log").read_text() == ""
    assert writer.lost == 1


def test_a_pipe_that_does_not_block_loses_nothing() -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with open(theirs, "w") as stream, open(ours, "rb") as reader:  # noqa: PTH123
        writer = LogWriter(stream)
        for number in range(50_000):
            writer.write(f"{number:08}")
        received = b""
        while len(received) < 50_000 * 9:
            received += reader.read1(65536)
        writer.close(5)
    assert received == b"".join(b"%08d\n" % number for number in range(50_000))


def test_a_stream_that_somebody_closes_does_not_lead_lines_elsewhere(
    tmp_path: Path,
) -> None:
    log, other = tmp_path / "log", tmp_path / "other"
    with log.open("w") as stream:
        writer = LogWriter(stream)
        number = stream.fileno()
    with other.open("w") as taker:  # takes the number of the closed stream
        assert taker.fileno() == number
        writer.write("for the log")
        writer.close(5)
    assert log.read_text() == "for the log\n"
    assert not other.read_text()


def test_no_line_of_several_threads_is_lost_unless_it_is_counted(
    tmp_path: Path,
) -> None:
    path, count = tmp_path / "log", 20_000
    with path.open("w") as stream:
        writer = LogWriter(stream)

        def write(name: str) -> None:
            for number in range(count):
                writer.write(f"{name} {number}")

        threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        threads[0].join()
        writer.close(5)  # while others may still write
        for thread in threads[1:]:
            thread.join()
    lines = [line.split() for line in path.read_text().splitlines()]
    assert len(lines) + writer.lost == 3 * count
    for name in "abc":
        numbers = [int(number) for of, number in lines if of == name]
        assert numbers == list(range(len(numbers)))
