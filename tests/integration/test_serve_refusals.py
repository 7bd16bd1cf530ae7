"""What keeps the gateway from starting: a sentence each, and nothing left behind."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.certificates import self_signed
from tests.support.gateway_process import (
    gateway_process,
    public,
    refusal,
    write_configuration,
)
from tests.support.project import ROOT

NOBODY = 65534
ROUTE = public("http://127.0.0.1:9")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def test_a_second_start_on_the_same_address(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, ROUTE)
    async with gateway_process(file) as first:
        port, _ = await first.listening()
        again = write_configuration(tmp_path, ROUTE, listen=f'"127.0.0.1:{port}"')

        code, words = await refusal(again)

        assert code == 1
        assert words == (
            f"gateway: cannot listen on 127.0.0.1:{port} (server.listen): the address "
            "is in use. Another gateway or another program listens there; stop it, or "
            "choose another address.\n"
        )
        assert await first.stopped() == 0


async def test_what_was_bound_before_the_failure_is_let_go(
    taken: int, tmp_path: Path
) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(
        tmp_path, ROUTE, listen=f'"unix:{path}"', admin=f"127.0.0.1:{taken}"
    )

    code, words = await refusal(file)

    assert code == 1
    assert words.startswith(
        f"gateway: cannot listen on 127.0.0.1:{taken} (admin.listen): the address is"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        pytest.param(
            "192.0.2.1:8080", "this machine has no such address", id="address"
        ),
        pytest.param("gateway.invalid:8080", "the host has no address here", id="name"),
        pytest.param(
            "unix:/nowhere/at/all.sock", "the folder does not exist", id="dir"
        ),
        pytest.param(
            "unix:/etc/passwd", "a file that is no socket is there", id="a file there"
        ),
        pytest.param(f"unix:/tmp/{'x' * 120}", "AF_UNIX path too long", id="long path"),
    ],
)
async def test_an_address_that_cannot_be(listen: str, why: str, tmp_path: Path) -> None:
    file = write_configuration(tmp_path, ROUTE, listen=f'"{listen}"')
    code, words = await refusal(file)
    assert (code, words) == (
        1,
        f"gateway: cannot listen on {listen} (server.listen): {why}.\n",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("where", ["127.0.0.1:80", "unix:{}/forbidden/gateway.sock"])
def test_a_missing_permission(where: str, tmp_path: Path) -> None:
    """As the user nobody; ports from 0 up are open to everyone in some containers."""
    lowest = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()
    if where.endswith(":80") and int(lowest) <= 80:
        pytest.skip("every port is open to everyone on this machine")
    forbidden = tmp_path / "forbidden"
    forbidden.mkdir(mode=0o700)
    listen = where.format(tmp_path)
    file = write_configuration(tmp_path, ROUTE, listen=f'"{listen}"')
    program = (
        "import os, sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import encodings.idna  # nobody may not read this Python's folder\n"
        "from gateway.serving import serve; from config.loader import load\n"
        "import gateway.app\n"
        "settings = load(sys.argv[1], {})\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "sys.exit(serve(settings, sys.argv[1]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT), str(file)],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"gateway: cannot listen on {listen} (server.listen): permission denied. Ports "
        "below 1024 and foreign folders need more rights; choose a port from 1024 up.\n"
    )


def encrypted(key: bytes) -> bytes:
    loaded = serialization.load_pem_private_key(key, None)
    return loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pass phrase"),
    )


@pytest.mark.parametrize(
    ("case", "why"),
    [
        pytest.param("garbage", "tls_key holds no private key (PEM)", id="garbage"),
        pytest.param("other", "the key belongs to another certificate", id="mismatch"),
        pytest.param(
            "encrypted",
            "the key is encrypted; write it without a pass phrase",
            id="encrypted",
        ),
        pytest.param(
            "swapped", "tls_certificate holds no certificate (PEM)", id="swapped"
        ),
    ],
)
async def test_tls_files_of_no_use(case: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    mine = self_signed(tmp_path, "localhost")
    other = self_signed(tmp_path / "other", "localhost")
    certificate, key = mine.certificate, tmp_path / "key-in-use.pem"
    if case == "garbage":
        key.write_text("garbage")
    elif case == "other":
        key = other.key
    elif case == "encrypted":
        key.write_bytes(encrypted(mine.key.read_bytes()))
    else:
        certificate, key = mine.key, mine.certificate
    file = write_configuration(
        tmp_path,
        ROUTE,
        public_url="https://localhost:8443",
        server=f'tls_certificate = "{certificate}"\ntls_key = "{key}"',
    )

    code, words = await refusal(file)

    assert code == 1
    assert words == (
        f"gateway: cannot use tls_certificate {certificate} with tls_key {key}: "
        f"{why}.\n"
    )


@pytest.mark.parametrize("owner", ["logto", "route"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("", "it holds no usable PEM", id="empty"),
        pytest.param("garbage", "it holds no usable PEM", id="garbage"),
    ],
)
async def test_authorities_of_no_use(
    owner: str, content: str, why: str, tmp_path: Path
) -> None:
    ca_file = tmp_path / "authorities.pem"
    ca_file.write_text(content)
    line = f'ca_file = "{ca_file}"'
    file = (
        write_configuration(tmp_path, ROUTE, logto_keys=line)
        if owner == "logto"
        else write_configuration(tmp_path, public("https://127.0.0.1:9", line))
    )

    code, words = await refusal(file)

    key = "logto.ca_file" if owner == "logto" else "ca_file of the route /"
    assert code == 1
    assert words.startswith(f"gateway: cannot use {key} {ca_file}: {why}")
    assert len(words.splitlines()) == 1


@pytest.mark.parametrize("key", ["tls_certificate", "tls_key", "ca_file"])
async def test_files_that_are_missing(key: str, tmp_path: Path) -> None:
    mine = self_signed(tmp_path, "localhost")
    files = {"tls_certificate": mine.certificate, "tls_key": mine.key}
    missing = tmp_path / "missing.pem"
    server = {name: missing if name == key else file for name, file in files.items()}
    file = write_configuration(
        tmp_path,
        public("https://127.0.0.1:9", f'ca_file = "{missing}"')
        if key == "ca_file"
        else ROUTE,
        public_url="https://localhost:8443",
        server="\n".join(f'{name} = "{file}"' for name, file in server.items()),
    )

    code, words = await refusal(file)

    assert code == 2
    assert words.startswith(f"{file}:")
    assert f"{key}: " in words
    assert len(words.splitlines()) == 1


async def test_aiohttp_without_its_c_parser(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, ROUTE)
    code, words = await refusal(file, environ={"AIOHTTP_NO_EXTENSIONS": "1"})
    assert code == 1
    assert words == (
        "gateway: aiohttp is here without its C parser, which is not safe to use. "
        "Install aiohttp from a wheel, and unset AIOHTTP_NO_EXTENSIONS.\n"
    )
