"""One line per event: JSON off a terminal, readable on one; never a secret."""

import atexit
import json
import logging
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.operations.log_sharing import LogSharing
from gateway.operations.log_writer import LogWriter, keep_standard_streams
from gateway.operations.tracebacks import Described, described, without_secrets

LONGEST_VALUE = 512  # characters of a single value that a client may choose
LAST_WORDS = 2.0  # seconds for the last lines at exit, should their reader stall

_writer: LogWriter | None = None
_json_writer: LogWriter | None = None


def configure(
    stream: TextIO | None = None,
    *,
    level: str = "info",
    sharing: LogSharing | None = None,
) -> LogWriter:
    """Send every log line, ours and the libraries', to *stream* (standard output).

    With *sharing* other processes write there as well.

    *level* is "debug", "info", "warning" or "error".  Libraries speak from "warning"
    on: what they say below that is for their authors, and may quote a request.
    """
    global _writer, _json_writer  # noqa: PLW0603 - a process has one log
    out = stream or sys.stdout  # None where standard output is closed
    close()
    keep_standard_streams()
    writer = _writer = LogWriter(out, _say_lost, sharing)
    is_terminal = out is not None and out.isatty()
    says_info = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO
    _json_writer = writer if says_info and not is_terminal else None
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_exception,
        bounded,
        *(_for_terminal() if is_terminal else [_as_json]),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_name: _Lines(writer),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Library(processors, writer)]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    return writer


def close(seconds: float = LAST_WORDS) -> None:
    """Write the last lines within *seconds*; nothing is logged after that."""
    global _writer, _json_writer
    writer, _writer, _json_writer = _writer, None, None
    if writer is not None:
        writer.close(seconds)


def json_writer() -> LogWriter | None:
    """Return what takes whole lines of JSON on the level of info.

    None where such lines are written otherwise, or not at all.
    """
    return _json_writer


def flush(seconds: float = LAST_WORDS) -> None:
    """Wait until all lines so far are written, *seconds* at the most."""
    if _writer is not None:
        _writer.flush(seconds)


def lost_lines() -> int:
    """Return how many lines could not be written so far."""
    return 0 if _writer is None else _writer.lost


atexit.register(close)


def _jsonable(value: object) -> object:
    if isinstance(value, Described):
        return {"type": value.type, "words": value.words, "at": value.places}
    return str(value)


_encode = json.JSONEncoder(default=_jsonable).encode  # all but printable ASCII escaped


class _Lines:
    """What structlog writes rendered lines to."""

    __slots__ = ("msg",)

    def __init__(self, writer: LogWriter) -> None:
        self.msg = writer.write

    def __getattr__(self, _level: str) -> object:
        return self.msg


class _Library(logging.Handler):
    """Lines of libraries, which use the standard library's logging."""

    def __init__(self, processors: list[Processor], writer: LogWriter) -> None:
        super().__init__()
        self._processors = processors
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record* down; a record that cannot be formatted too."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - whatever a library hands over
            text = str(record.msg)
        event: EventDict = {"event": without_secrets(text), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        line: object = event
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)  # type: ignore[arg-type]
        self._writer.write(str(line))


def bounded(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut every text value of *event* that is longer than a line should carry."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            event[key] = value[:LONGEST_VALUE] + "…"
    return event


def printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what could drive a terminal or begin a line of its own."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = _escaped(value)
    return event


def readable_path(path: bytes) -> str:
    """Return *path* (raw, no query) as text for a log line."""
    return path.decode("latin-1")


def without_empty(record: Mapping[str, object]) -> dict[str, object]:
    """Return *record* without the keys that have nothing to say."""
    return {key: value for key, value in record.items() if value not in (None, "")}


def _with_exception(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Turn an ``exc_info`` into what we say of an exception."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


def _escaped(text: str) -> str:
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1]
        for character in text
    )


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
    return _encode(first | dict(event))


def _for_terminal() -> list[Processor]:
    console = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )

    def render(logger: WrappedLogger, method: str, event: EventDict) -> str:
        exceptions: list[Described] = event.pop("exception", [])
        lines = [str(console(logger, method, event))]
        for each in exceptions:
            lines.append(_escaped(f"    {each.type}: {each.words}"))
            lines += [f"      at {place}" for place in each.places]
        return "\n".join(lines)

    return [printable, render]


def _say_lost(lines: int) -> None:
    structlog.get_logger("gateway").warning("log_lines_lost", lines=lines)
