"""What scanners and attackers send: noise, and requests that are nearly right."""

import random
from collections.abc import Sequence

_ALIEN = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS greeting
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x00\x00\x00\x05\x04\x00\x00\x00\x00",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"EHLO a\r\nMAIL FROM:<a@b>\r\n",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    b"\x05\x01\x00",
    b"GET /\r\n",
    b"\r\n" * 40,
    b"*1\r\n$4\r\nPING\r\n",
)
_MARKS = (
    b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"\xff", b"%",
    b"%00", b"/",
    b"\\", b"..", b"//", b"0", b"-1", b"99999999999999999999", b"chunked", b"HTTP/1.1",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n",
    b"Cookie: ",
    b"gateway=", b"Upgrade: websocket\r\n", b"Expect: 100-continue\r\n", b"?", b"#",
    b"\x7f",
)  # fmt: skip


def noise(dice: random.Random, valid: Sequence[bytes]) -> bytes:
    """Return some bytes: noise, another protocol, or *valid* requests, mutated."""
    kind = dice.random()
    if kind < 0.15:
        return dice.randbytes(dice.randrange(1, 3000))
    if kind < 0.25:
        return dice.choice(_ALIEN) + dice.randbytes(dice.randrange(60))
    data = b"".join(dice.choice(valid) for _ in range(dice.randrange(1, 4)))
    for _ in range(dice.randrange(5)):
        data = _mutated(dice, data)
    return data


def _mutated(dice: random.Random, data: bytes) -> bytes:
    place = dice.randrange(len(data) + 1)
    match dice.randrange(6):
        case 0:
            return data[:place] + dice.choice(_MARKS) + data[place:]
        case 1:
            return data[:place] + dice.randbytes(1) + data[place + 1 :]
        case 2:
            return data[:place]
        case 3:
            return data[:place] + data[dice.randrange(len(data) + 1) :]
        case 4:
            return data[:place] + dice.choice(_MARKS) * dice.randrange(1, 400)
        case _:
            return data[:place] + data[max(0, place - 30) : place] * 3 + data[place:]
