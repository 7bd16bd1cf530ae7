"""`gateway check --online`, against the emulated Logto and real upstreams."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.loader import read
from gateway.checking.command import online
from gateway.cli import main
from gateway.demo.faults import Fault
from gateway.demo.logto import EmulatedLogto
from tests.support.certificates import self_signed
from tests.support.raw_upstream import answering, raw_upstream
from tests.support.running_gateway import KEY, anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NOBODY = "http://127.0.0.1:1"  # where nothing listens
TOO_FAR = 120.0  # seconds


@dataclass(slots=True)
class Checked:
    """What the command said."""

    code: int
    stdout: str
    stderr: str

    @property
    def problems(self) -> list[str]:
        return [line.partition("gateway.toml:")[2] for line in self.stderr.splitlines()]


@dataclass(slots=True)
class Operator:
    """Somebody with a file for *logto*, in *folder*; *lines* are changed by tests."""

    folder: Path
    logto: EmulatedLogto
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "gateway.toml"

    def write(self, more: str = "") -> None:
        values = {
            "public_url": NOBODY,
            "endpoint": self.logto.endpoint,
            "app_id": self.logto.app_id,
            "app_secret": self.logto.app_secret,
            "upstream": NOBODY,
        } | self.lines
        self.file.write_text(f"""[server]
public_url = "{values["public_url"]}"{values.get("server", "")}
[logto]
endpoint = "{values["endpoint"]}"
app_id = "{values["app_id"]}"
app_secret = "{values["app_secret"]}"
timeout = "2s"
[session]
keys = ["{KEY}"]
[[routes]]
upstream = "{values["upstream"]}"
allow = "anyone"
{more}
""")

    async def check(self, more: str = "") -> Checked:
        """Run the command, as one does who has that file."""
        self.write(more)
        arguments = ["check", "--online", "--config", str(self.file)]
        done = await asyncio.to_thread(CliRunner().invoke, main, arguments)
        return Checked(done.exit_code, done.stdout, done.stderr)


@asynccontextmanager
async def operator(folder: Path) -> AsyncIterator[Operator]:
    """Give an operator whose file is right, and whose gateway is not started yet."""
    async with EmulatedLogto.start() as logto, raw_upstream(answering(ANSWER)) as app:
        logto.client.register_gateway(NOBODY)
        yield Operator(folder, logto, {"upstream": app.url})


async def test_all_is_well(tmp_path: Path) -> None:
    async with operator(tmp_path) as one:
        upstream = one.lines["upstream"]
        async with running_gateway(one.logto, anyone(upstream)) as gateway:
            one.lines["public_url"] = gateway.url
            done = await one.check()
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.partition("Seen now:\n")[2].splitlines() == [
        "  - Logto accepts app_id and app_secret",
        "  - this machine's clock agrees with Logto's",
        f"  - Logto knows {gateway.url}/.gateway/callback",
        f"  - Logto knows {gateway.url}/.gateway/signed-out",
        f"  - {upstream} answers (HEAD: 200)",
        f"  - {gateway.url} leads here, and cookies arrive as they left",
    ]


async def test_a_gateway_that_is_not_started_yet_is_no_problem(tmp_path: Path) -> None:
    async with operator(tmp_path) as one:
        done = await one.check()
    assert (done.code, done.stderr) == (0, "")
    assert f"nothing answers at {NOBODY} yet (connection refused)" in done.stdout


async def test_a_check_leaves_no_trace_at_logto(tmp_path: Path) -> None:
    async with operator(tmp_path) as one, VirtualBrowser() as browser:
        upstream = one.lines["upstream"]
        async with running_gateway(one.logto, anyone(upstream)) as gateway:
            assert (await browser.sign_in(f"{gateway.url}/", "ada")).status == 200
            one.lines["public_url"] = gateway.url
            tenant = one.logto.tenant
            before = (dict(tenant.sessions), dict(tenant.interactions))
            assert (await one.check()).code == 0
            assert (tenant.sessions, tenant.interactions) == before
            (session,) = tenant.sessions.values()
            assert all(grant.alive for grant in session.grants.values())
    secrets_sent = [
        received
        for received in one.logto.requests.all
        if "client_secret" in received.parameters and received.method != "POST"
    ]
    assert secrets_sent == []


LINES = [
    pytest.param(
        {"app_secret": "wrong"},
        "6: logto.app_secret: Logto does not accept it with this app_id: copy both",
        id="a wrong secret",
    ),
    pytest.param(
        {"app_id": "other"}, "6: logto.app_secret: Logto does not accept", id="no such"
    ),
    pytest.param(
        {"endpoint": "http://127.0.0.1:1"},
        "4: logto.endpoint: Logto's discovery document cannot be reached",
        id="Logto is away",
    ),
    pytest.param(
        {"public_url": "http://127.0.0.2:1"},
        "5: logto.app_id: Logto does not know http://127.0.0.2:1/.gateway/callback: "
        "add it to Redirect URIs",
        id="no such callback",
    ),
    pytest.param(
        {"public_url": "http://127.0.0.2:1"},
        "5: logto.app_id: Logto does not know http://127.0.0.2:1/.gateway/signed-out: "
        "add it to Post sign-out redirect URIs",
        id="no such post-logout address",
    ),
    pytest.param(
        {"upstream": NOBODY},
        "11: routes[0].upstream: nothing listens there: start the application",
        id="no application",
    ),
    pytest.param(
        {"upstream": "http://no-such-host.invalid"},
        "11: routes[0].upstream: this machine knows no host of that name",
        id="no such host",
    ),
    pytest.param(
        {"upstream": "unix:/tmp/no-such-socket"},
        "11: routes[0].upstream: nothing listens there",
        id="no such socket",
    ),
]


@pytest.mark.parametrize(("lines", "expected"), LINES)
async def test_a_problem_has_its_line_and_what_to_do(
    tmp_path: Path, lines: dict[str, str], expected: str
) -> None:
    async with operator(tmp_path) as one:
        one.lines |= lines
        done = await one.check()
    assert done.code == 1
    assert any(line.startswith(expected) for line in done.problems), done.problems


async def test_no_problem_is_told_twice_and_no_secret_at_all(tmp_path: Path) -> None:
    async with operator(tmp_path) as one:
        one.lines |= {"app_secret": "S3CRET", "upstream": NOBODY}
        done = await one.check()
    assert len(done.problems) == len(set(done.problems)) == 2
    assert "S3CRET" not in done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr


async def test_a_name_that_is_not_logtos_own_is_a_problem(tmp_path: Path) -> None:
    async with operator(tmp_path) as one:
        other = one.logto.endpoint.replace("localhost", "127.0.0.1")
        one.lines["endpoint"] = other
        (problem,) = (await one.check()).problems
    assert problem.startswith(f"4: logto.endpoint: logto.endpoint is {other}, but")


@pytest.mark.parametrize(
    ("apart", "which"),
    [pytest.param(TOO_FAR, "ahead of", id="fast"), (-TOO_FAR, "behind")],
)
async def test_a_clock_that_is_wrong_is_a_problem(
    tmp_path: Path, apart: float, which: str
) -> None:
    async with operator(tmp_path) as one:
        one.write()
        loaded = read(str(one.file), {})
        clock = lambda: time.time() + apart  # noqa: E731, TID251 - the edge
        report = await asyncio.to_thread(online, loaded.settings, clock)
        (problem,) = loaded.places.problems(report.problems)
    pattern = rf"this machine's clock is 1(19|20|21) s {which} Logto's: set it"
    assert re.match(pattern, problem.sentence)
    assert problem.line == 3


@pytest.mark.parametrize(
    ("endpoint", "part"),
    [
        pytest.param("token", "Logto's token endpoint answers with status 500", id="t"),
        pytest.param("auth", "could not be checked: whether", id="authorization"),
        pytest.param("end", "could not be checked: whether", id="sign-out"),
    ],
)
async def test_half_an_outage_is_said_and_nothing_is_guessed(
    tmp_path: Path, endpoint: str, part: str
) -> None:
    async with operator(tmp_path) as one:
        one.logto.faults[endpoint] = Fault(status=500)
        done = await one.check()
    assert part in done.stdout + done.stderr
    assert "does not know" not in done.stderr
    assert "does not accept" not in done.stderr


async def test_an_application_that_speaks_something_else_is_a_problem(
    tmp_path: Path,
) -> None:
    async with (
        operator(tmp_path) as one,
        raw_upstream(answering(b"+OK\r\n\r\n")) as app,
    ):
        one.lines["upstream"] = app.url
        (problem,) = (await one.check()).problems
    assert problem.startswith("11: routes[0].upstream: what listens there does not")


async def test_an_application_is_asked_as_people_ask_it(tmp_path: Path) -> None:
    async with operator(tmp_path) as one, raw_upstream(answering(ANSWER)) as app:
        one.lines["upstream"] = app.url
        assert (await one.check('path = "/app"')).code == 0
        assert app.request.line == b"HEAD /app HTTP/1.1"
        assert app.request.value(b"Host") == b"127.0.0.1"
        assert app.request.value(b"X-Forwarded-User") is None


async def test_what_another_proxy_forwards_to_is_not_asked(tmp_path: Path) -> None:
    async with operator(tmp_path) as one:
        one.lines["upstream"] = "forward-auth"
        one.lines["server"] = '\ntrusted_proxies = ["127.0.0.1"]'
        done = await one.check()
    assert (done.code, done.stderr) == (0, "")
    assert "HEAD" not in done.stdout


async def test_a_certificate_that_is_not_trusted_is_a_problem(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    context = certificate.server_context()
    async with (
        operator(tmp_path) as one,
        raw_upstream(answering(ANSWER), tls=context) as app,
    ):
        one.lines["upstream"] = f"https://localhost:{app.port}"
        (problem,) = (await one.check()).problems
        trusted = await one.check(f'ca_file = "{certificate.certificate}"')
    assert "11: routes[0].upstream: its certificate is not trusted: name" in problem
    assert trusted.code == 0


async def test_another_server_at_the_public_address_is_a_problem(
    tmp_path: Path,
) -> None:
    async with operator(tmp_path) as one, raw_upstream(answering(ANSWER)) as other:
        one.lines["public_url"] = other.url
        one.logto.client.register_gateway(other.url)
        (problem,) = (await one.check()).problems
    assert problem.startswith(
        f"2: server.public_url: what answers at {other.url} is not this gateway"
    )


async def test_too_many_sign_ins_are_no_problem(tmp_path: Path) -> None:
    busy = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
    async with operator(tmp_path) as one, raw_upstream(answering(busy)) as other:
        one.lines["public_url"] = other.url
        one.logto.client.register_gateway(other.url)
        done = await one.check()
    assert (done.code, done.stderr) == (0, "")
    assert f"{other.url} has too many sign-ins just now" in done.stdout


async def test_https_that_browsers_refuse_is_a_problem(tmp_path: Path) -> None:
    context = self_signed(tmp_path, "localhost").server_context()
    async with (
        operator(tmp_path) as one,
        raw_upstream(answering(ANSWER), tls=context) as other,
    ):
        url = f"https://localhost:{other.port}"
        one.lines["public_url"] = url
        one.logto.client.register_gateway(url)
        (problem,) = (await one.check()).problems
    assert problem.startswith(f"2: server.public_url: the certificate at {url} is not")
