"""The files with the keys of assertions: the operator's, or one that is made here.

Everything here blocks.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.identity.assertion_keys import AssertionKey, keys_in
from gateway.operations.start_failed import StartFailed

NAME = "assertion-keys.pem"
_LARGEST = 64 * 1024
_ONLY_US = 0o600
_OTHERS = 0o077


def load_keys(files: Sequence[str], directory: str) -> list[AssertionKey]:
    """Return the keys in *files*, else those kept in *directory*.

    Where nothing is kept yet, a key is made and kept, readable by the gateway alone.
    Raises StartFailed where a file is of no use.
    """
    if files:
        return [key for file in files for key in read_keys(Path(file))]
    path = Path(directory) / NAME
    try:
        _keep(path)
        return read_kept(path)
    except OSError as error:
        raise StartFailed(
            f"cannot keep a key for assertions in {path}: {_why(error)}"
        ) from None


def read_kept(path: Path) -> list[AssertionKey]:
    """Return the keys that the gateway made and keeps at *path*.

    Raises StartFailed where others can read them too, OSError where there are none.
    """
    if path.stat().st_mode & _OTHERS:
        raise StartFailed(f"{path} can be read by others: chmod 600 it")
    return read_keys(path)


def read_keys(path: Path) -> list[AssertionKey]:
    """Return the keys in the file at *path*. Raises StartFailed, which names it."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise StartFailed(
            f"cannot read the assertion keys in {path}: {_why(error)}"
        ) from None
    try:
        return keys_in(content[:_LARGEST])
    except ValueError as error:
        raise StartFailed(f"cannot use the assertion keys: {path} {error}") from None


def _keep(path: Path) -> None:
    """Make a key at *path*, whole or not at all, unless one is there.

    Of two gateways that start at once, both end up with the same one.
    """
    if path.exists():
        return
    new = path.with_suffix(f".{os.getpid()}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_US)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_new_key())
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(new)
    except FileExistsError:
        pass  # somebody else was first
    finally:
        new.unlink(missing_ok=True)


def _why(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
