"""Large bodies, down and up, by a client that does nothing else."""

import socket

from benchmarks.proxies import BULK, Proxy
from benchmarks.wrk import Wrong

_PIECE = bytes(1024 * 1024)
_TIMEOUT = 60.0


def download(proxy: Proxy) -> None:
    """Take the large file.  Raises Wrong where it is not whole."""
    with socket.create_connection(("127.0.0.1", proxy.port), _TIMEOUT) as client:
        client.sendall(_head(proxy, "GET /100m", ""))
        buffer = bytearray(len(_PIECE))
        head = b""
        while b"\r\n\r\n" not in head:
            count = client.recv_into(buffer)
            if not count:
                raise Wrong("closed before an answer")
            head += buffer[:count]
        start, _, body = head.partition(b"\r\n\r\n")
        if start[9:12] != b"200":
            raise Wrong(f"the answer is {start[:60]!r}")
        received = len(body)
        while received < BULK and (count := client.recv_into(buffer)):
            received += count
    if received != BULK:
        raise Wrong(f"{received} of {BULK} bytes came")


def upload(proxy: Proxy) -> None:
    """Send as much.  Raises Wrong where the upstream did not take it."""
    with socket.create_connection(("127.0.0.1", proxy.port), _TIMEOUT) as client:
        client.sendall(_head(proxy, "POST /live/upload", f"Content-Length: {BULK}\r\n"))
        view, left = memoryview(_PIECE), BULK
        while left:
            left -= client.send(view[: min(left, len(view))])
        answer = b""
        while b"\r\n\r\n" not in answer and (data := client.recv(65536)):
            answer += data
    if answer[9:12] != b"200":
        raise Wrong(f"the answer is {answer[:60]!r}")


def _head(proxy: Proxy, line: str, more: str) -> bytes:
    cookie = f"Cookie: {proxy.cookie}\r\n" if proxy.cookie else ""
    return (
        f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n{cookie}{more}"
        "Sec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n"
    ).encode()
