"""Messages as bytes: a JSON list of the message's name and its values.

The form of each message follows from its class alone; bytes of any other form are
refused as a whole.
"""

import json
from collections.abc import Callable
from dataclasses import astuple, fields, is_dataclass
from enum import StrEnum
from math import isfinite
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from gateway.operations.workers.messages import FromSupervisor, FromWorker, Message
from gateway.sessions.session import Session, decode, encode

Reader = Callable[[Any], Any]


class Garbled(Exception):  # noqa: N818 - says what is the case
    """Bytes that are no message of those that may come."""


def write(message: Message) -> bytes:
    """Return *message* as bytes."""
    values = [_plain(getattr(message, one.name)) for one in fields(message)]
    return json.dumps([type(message).__name__, *values]).encode("ascii")


def from_worker(raw: bytes) -> FromWorker:
    """Return the message of a worker in *raw*.  Raises Garbled."""
    message: FromWorker = _read(raw, _FROM_WORKER)
    return message


def from_supervisor(raw: bytes) -> FromSupervisor:
    """Return the message of the supervisor in *raw*.  Raises Garbled."""
    message: FromSupervisor = _read(raw, _FROM_SUPERVISOR)
    return message


def _plain(value: object) -> object:
    match value:
        case Session():
            return encode(value).decode("utf-8", "surrogatepass")
        case tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return [_plain(each) for each in astuple(value)]
        case _:
            return value


def _read(raw: bytes, readers: dict[str, Reader]) -> Any:  # noqa: ANN401 - one of a union
    try:
        name, *values = json.loads(raw)
        return readers[name](values)
    except (ValueError, TypeError, KeyError, RecursionError):
        # Neither the text nor the cause: they may quote what was sent.
        raise Garbled("what came is no message that may come") from None


def _reader(hint: Any) -> Reader:  # noqa: ANN401 - whatever stands in an annotation
    """Return what reads a value of the type *hint*; it raises ValueError, TypeError."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:  # or None
        inner = _reader(next(each for each in arguments if each is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple and arguments[-1] is Ellipsis:
        return _many(_reader(arguments[0]))
    if origin is tuple:
        return _row(lambda values: values, [_reader(each) for each in arguments])
    return _reader_of_class(hint)


def _reader_of_class(kind: type) -> Reader:
    if kind is Session:
        return _session
    if kind is float:
        return _number
    if is_dataclass(kind):
        make: Callable[..., Any] = kind
        types = get_type_hints(kind)
        readers = [_reader(types[each.name]) for each in fields(kind)]
        return _row(lambda values: make(*values), readers)
    if issubclass(kind, StrEnum):
        return kind
    return _exactly(kind)


def _many(reader: Reader) -> Reader:
    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("not a list")
        return tuple(map(reader, value))

    return read


def _row(make: Callable[[tuple[Any, ...]], Any], readers: list[Reader]) -> Reader:
    def read(value: object) -> Any:  # noqa: ANN401 - what is made
        if not isinstance(value, list):
            raise TypeError("not a list")
        return make(
            tuple(reader(each) for reader, each in zip(readers, value, strict=True))
        )

    return read


def _exactly(kind: type) -> Reader:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError("of another type")
        return value

    return read


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    if not isfinite(value):
        raise ValueError("not a finite number")
    return float(value)


def _session(value: object) -> Session:
    if not isinstance(value, str):
        raise TypeError("not a session")
    session = decode(value.encode("utf-8", "surrogatepass"))
    if session is None:
        raise ValueError("not a session")
    return session


_FROM_WORKER = {kind.__name__: _reader(kind) for kind in get_args(FromWorker)}
_FROM_SUPERVISOR = {kind.__name__: _reader(kind) for kind in get_args(FromSupervisor)}
