"""Known vulnerabilities and licences: found, allowed for a while, or not looked for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.supply_chain.allowed import NotAllowed, read_allowed
from scripts.supply_chain.audit import ALLOWED, audit
from scripts.supply_chain.licences import findings, is_good
from scripts.supply_chain.pinned import ROOT, read

TODAY = date(2026, 11, 22)
ID = "GHSA-aaaa-bbbb-cccc"
ENTRY = """
[[vulnerability]]
id = "GHSA-aaaa-bbbb-cccc"
package = "AIOHTTP"
reason = "Only what we do not use."
until = 2026-11-22
"""


@contextmanager
def database(*known: tuple[str, str], broken: bool = False) -> Iterator[str]:
    """Run one that knows of *known*: packages with the id of what is wrong."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            queries = json.loads(self.rfile.read(length))["queries"]
            results = [
                {"vulns": [{"id": i} for n, i in known if n == q["package"]["name"]]}
                for q in queries
            ]
            body = b"<html>" if broken else json.dumps({"results": results}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def allow(folder: Path, text: str) -> Path:
    file = folder / "allowed.toml"
    file.write_text(text)
    return file


def test_nothing_known_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    with database() as address:
        assert audit(address, ALLOWED, TODAY) == 0
    assert "packages looked up." in capsys.readouterr().err


def test_a_finding_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with database(("aiohttp", ID)) as address:
        assert audit(address, ALLOWED, TODAY) == 1
    said = capsys.readouterr().err
    assert "aiohttp 3." in said
    assert f"{ID}, see https://" in said


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param(ENTRY, 0, id="allowed"),
        pytest.param(ENTRY.replace("11-22", "11-21"), 1, id="no longer"),
        pytest.param(ENTRY.replace(ID, "GHSA-0"), 1, id="another"),
        pytest.param(ENTRY.replace("AIOHTTP", "yarl"), 1, id="of another package"),
        pytest.param(
            ENTRY.replace("vulnerability", "licence"), 1, id="of another kind"
        ),
        pytest.param(ENTRY.replace("Only what we do not use.", " "), 1, id="no reason"),
    ],
)
def test_what_may_stay_has_a_reason_and_a_day(
    tmp_path: Path, entry: str, code: int
) -> None:
    with database(("aiohttp", ID)) as address:
        assert audit(address, allow(tmp_path, entry), TODAY) == code


@pytest.mark.parametrize(
    "entry",
    [
        "[[vulnerability]]",
        ENTRY.replace("until = 2026-11-22", ""),
        ENTRY.replace("2026-11-22", '"2026-11-22"'),
        ENTRY.replace("2026-11-22", "2026-11-22T00:00:00Z"),
        ENTRY.replace('id = "GHSA-aaaa-bbbb-cccc"', ""),
        "vulnerability = 1",
        "[[",
    ],
)
def test_what_is_no_entry_is_refused(entry: str) -> None:
    with pytest.raises(NotAllowed):
        read_allowed(entry)


@pytest.mark.parametrize("away", ["refused", "no JSON"])
def test_where_nobody_can_look_it_says_so(
    away: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with database(broken=True) as address:
        where = address if away == "no JSON" else "http://127.0.0.1:9/"
        assert audit(where, ALLOWED, TODAY) == 0
    said = capsys.readouterr().err
    assert "could not be reached" in said
    assert "nobody has looked" in said


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("(MIT OR Apache-2.0)", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("Apache Software License", True),
        ("GPL-2.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("GPL-2.0-only AND (MIT OR ISC)", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_which_licences_are_good(expression: str, *, good: bool) -> None:
    assert is_good(expression) is good


def test_everything_that_is_shipped_has_a_good_one() -> None:
    assert list(findings(read(ROOT / "requirements" / "runtime.txt"))) == []
