"""Unix sockets to listen on: the file is ours while we run, and gone after it."""

import contextlib
import errno
import socket
from pathlib import Path

MODE = 0o660  # its owner and group: a proxy in front needs to be in the group
PROBE = 1.0  # seconds for whoever listens there to accept


def bind_unix(path: str, backlog: int) -> socket.socket:
    """Return a socket that listens on *path*, mode 0660.

    A file that nobody listens on any more is replaced.  Raises OSError.
    """
    _remove_stale(Path(path))
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        one.bind(path)
    except OSError:
        one.close()
        raise
    try:
        Path(path).chmod(MODE)  # nobody can connect before it listens
        one.listen(backlog)
    except OSError:
        one.close()
        Path(path).unlink(missing_ok=True)
        raise
    return one


def identity(bound: socket.socket) -> tuple[Path, int, int] | None:
    """Return path, device and inode of the file of *bound*; None where it has none."""
    if bound.family != socket.AF_UNIX:
        return None
    path = Path(bound.getsockname())
    try:
        status = path.stat()
    except OSError:
        return None
    return path, status.st_dev, status.st_ino


def remove(known: tuple[Path, int, int]) -> None:
    """Remove the file with that :func:`identity`; never one that took its place."""
    path, device, inode = known
    with contextlib.suppress(OSError):
        status = path.stat()
        if (status.st_dev, status.st_ino) == (device, inode):
            path.unlink()


def _remove_stale(path: Path) -> None:
    """Remove the socket file at *path* when nobody listens on it any more."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "a file that is no socket is there")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except (TimeoutError, BlockingIOError):
            pass  # somebody is there, and busy
    raise OSError(errno.EADDRINUSE, "a process listens there")
