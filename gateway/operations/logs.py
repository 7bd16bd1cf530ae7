"""One line per event: JSON off a terminal, readable on one; never a secret."""

import logging
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LONGEST_VALUE = 512  # characters of a single value that a client may choose

# Never the locals: they hold tokens, keys and cookies.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(stream: TextIO | None = None, *, level: str = "info") -> None:
    """Send every log line, ours and the libraries', to *stream* (standard output).

    *level* is "debug", "info", "warning" or "error".
    """
    out = sys.stdout if stream is None else stream
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        bounded,
    ]
    terminal = out.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    tail: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not terminal:
        tail.append(TRACEBACKS)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[*tail, last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def bounded(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut every text value of *event* that is longer than a line should carry."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            event[key] = value[:LONGEST_VALUE] + "…"
    return event


def readable_path(path: bytes) -> str:
    """Return *path* (raw, no query) as text for a log line."""
    return path.decode("latin-1")


def without_empty(record: Mapping[str, object]) -> dict[str, object]:
    """Return *record* without the keys that have nothing to say."""
    return {key: value for key, value in record.items() if value not in (None, "")}
