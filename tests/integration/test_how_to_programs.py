"""What docs/how-to/programs.md says works as it is written."""

import asyncio
import os
import re
import sys
from pathlib import Path

from config.loader import load_text
from tests.support.configuration import SMALLEST, written
from tests.support.programs import program
from tests.support.programs_asking import MACHINE, ORDERS, programs_asking
from tests.support.project import ROOT

TEXT = (ROOT / "docs/how-to/programs.md").read_text("utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
TOML: str
(TOML,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


async def shell(script: str, folder: Path) -> str:
    """Run *script* in *folder*, where ``gateway`` is this one; return what it says."""
    python = f'"{sys.executable}" -m gateway'
    process = await asyncio.create_subprocess_exec(
        program("sh"),
        "-euc",
        f'gateway() {{ {python} "$@"; }}\n{script}',
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return said.decode()


def routes_of_the_text() -> str:
    """Return the route that the text shows, before our application."""
    route = TOML.partition("[[routes]]")[2]
    return "[[routes]]" + route.replace("http://127.0.0.1:3000", "UPSTREAM")


async def test_the_commands_do_what_the_text_says(tmp_path: Path) -> None:
    program("curl")
    variables, ask, wrong, _explain = SHELL
    async with programs_asking(
        routes_of_the_text(), logto_keys=TOML.partition("[[")[0].partition("]\n")[2]
    ) as programs:
        world = programs.world
        given = {
            "https://tenant.logto.app": world.logto.endpoint,
            "your-machine": MACHINE.app_id,
            "its-secret": MACHINE.app_secret,
            "https://app.example.com": world.gateway.url,
        }
        for written_as, real in given.items():
            assert written_as in variables
            variables = variables.replace(written_as, real)
        assert await shell(variables + ask, tmp_path) == "application"
        assert world.upstream.last.target == "/api/orders"
        assert world.subject == MACHINE.app_id
        said = await shell(variables + wrong, tmp_path)
        assert said.count("HTTP/1.1 401") == 2
        assert said.count('error="invalid_token"') == 1


async def test_the_claims_in_the_text_are_let_in(tmp_path: Path) -> None:
    routes = dict.fromkeys(SMALLEST["[[routes]]"], None)
    text = written(logto={"resources": f'["{ORDERS}"]'}, routes=routes)
    file = text.replace("[[routes]]", routes_of_the_text())
    file = file.replace("UPSTREAM", "http://127.0.0.1:3000")
    load_text(file, {})
    (tmp_path / "gateway.toml").write_text(file)
    said = await shell(SHELL[-1], tmp_path)
    assert "Decision: permit: the upstream learns who it is" in said
    assert "X-Forwarded-User: your-machine" in said
