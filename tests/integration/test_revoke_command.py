"""``gateway sessions revoke`` signs people out at the running gateway."""

import asyncio
import os
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from gateway.operations.order import PATH, SIGNATURE, Order, write_order
from gateway.sessions.revocations import Whose
from tests.support.configuration import OTHER_KEY, written
from tests.support.orders import give_order
from tests.support.project import ROOT
from tests.support.running_gateway import KEY
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, BOB, World, whole_world

Said = tuple[int, str]


async def revoke(
    folder: Path, *arguments: str, admin: str, key: str = KEY, state: str = ""
) -> Said:
    """Run the command; return its exit code and all it said."""
    text = written(
        admin={"listen": f'"{admin}"'},
        session={"keys": f'["{key}"]'},
        server={"state_directory": f'"{state}"'},
    )
    (folder / "gateway.toml").write_text(text)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gateway", "sessions", "revoke", *arguments),
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def admin_of(world: World) -> str:
    return world.gateway.admin.removeprefix("http://")


async def is_in(world: World, browser: VirtualBrowser) -> bool:
    return (await browser.fetch(world.url("/"))).status == 200


@pytest.mark.parametrize(
    ("arguments", "who", "others_stay"),
    [
        pytest.param(
            ("--subject", ADA),
            f"Whoever had signed in as the subject {ADA}",
            True,
            id="subject",
        ),
        pytest.param(
            ("--x-id", "2244994945"),
            "Whoever had signed in as the X account 2244994945",
            True,
            id="X id",
        ),
        pytest.param(("--all",), "Everybody who had signed in", False, id="all"),
    ],
)
async def test_28_an_operator_signs_somebody_out(
    arguments: tuple[str, ...], who: str, tmp_path: Path, *, others_stay: bool
) -> None:
    async with whole_world() as world, VirtualBrowser(now=world.clock) as other:
        world.clock.at = time.time()  # noqa: TID251 - the command's own clock
        await world.sign_in()
        await other.sign_in(world.url("/"), "bob")
        said = await revoke(tmp_path, *arguments, admin=admin_of(world))
        forgotten = "server.state_directory is where it would be kept."
        told = f"{who} is signed out. A restart forgets it: {forgotten}\n"
        assert said == (0, told)
        assert not await is_in(world, world.browser)
        assert await is_in(world, other) is others_stay


async def test_28_where_it_is_kept_the_command_says_so(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    async with whole_world(server=f'state_directory = "{state}"') as world:
        world.clock.at = time.time()  # noqa: TID251
        code, said = await revoke(
            tmp_path, "--subject", BOB, admin=admin_of(world), state=str(state)
        )
        assert (code, said.endswith("A restart will remember it.\n")) == (0, True)
        assert BOB in (state / "revocations").read_text()


async def test_a_gateway_with_other_keys_refuses(tmp_path: Path) -> None:
    async with whole_world() as world:
        world.clock.at = time.time()  # noqa: TID251
        await world.sign_in()
        admin = admin_of(world)
        code, said = await revoke(tmp_path, "--all", admin=admin, key=OTHER_KEY)
        assert code == 1
        assert said == (
            f"gateway: what answers at {admin} refuses the order (403): "
            "it is not signed with a session key of this gateway.\n"
        )
        assert await is_in(world, world.browser)


@pytest.mark.parametrize(
    ("arguments", "admin", "code", "sentence"),
    [
        pytest.param(("--all",), "127.0.0.1:1", 1, "with --config.\n", id="away"),
        pytest.param(("--all",), "unix:/nowhere", 1, "no gateway answers", id="unix"),
        pytest.param(("--all",), "", 2, "admin.listen is empty", id="turned off"),
        pytest.param(("--all",), "127.0.0.1:0", 2, "has port 0", id="any port"),
        pytest.param((), "127.0.0.1:1", 2, "Give one of", id="nobody"),
        pytest.param(("--subject", ""), "127.0.0.1:1", 2, "Give one of", id="empty"),
        pytest.param(
            ("--subject", "", "--all"), "127.0.0.1:1", 2, "Give one of", id="two"
        ),
    ],
)
async def test_what_is_said_where_it_cannot_be_done(
    arguments: tuple[str, ...], admin: str, code: int, sentence: str, tmp_path: Path
) -> None:
    returned, said = await revoke(tmp_path, *arguments, admin=admin)
    assert returned == code
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="an operator"),
        pytest.param({"Origin": "http://127.0.0.1:9901"}, 403, id="a page"),
        pytest.param({"Origin": "null"}, 403, id="a sandboxed page"),
        pytest.param({"Sec-Fetch-Site": "none"}, 403, id="a browser"),
        pytest.param({SIGNATURE: "0" * 64}, 403, id="another signature"),
    ],
)
async def test_a_web_page_gives_no_orders(headers: dict[str, str], status: int) -> None:
    async with whole_world() as world, aiohttp.ClientSession() as http:
        await world.sign_in()
        order = Order(Whose.EVERYBODY, "", world.clock())
        body, signature = write_order(order, world.gateway.settings.session.keys[0])
        url = world.gateway.admin + PATH
        sent = {SIGNATURE: signature} | headers
        async with http.post(url, data=body, headers=sent) as answer:
            assert answer.status == status
        async with http.get(url) as answer:
            assert answer.status == 405
        assert await is_in(world, world.browser) is (status != 200)


async def test_nobody_gives_orders_on_the_public_listener() -> None:
    async with whole_world() as world:
        order = Order(Whose.EVERYBODY, "", world.clock())
        status, _ = await give_order(order, world.gateway.url)
        assert status == 401  # an address of the application's
