"""`gateway demo`: what a newcomer does with it, and how it starts and stops."""

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from gateway.demo.run import Demo, running_demo
from tests.support.virtual_browser import VirtualBrowser


@pytest.fixture
async def browser() -> AsyncIterator[VirtualBrowser]:
    async with VirtualBrowser() as browser:
        yield browser


async def test_a_newcomer_signs_in_as_either(
    demo: Demo, browser: VirtualBrowser
) -> None:
    for person, name in (("ada", "Ada Example"), ("bob", "Bob Example")):
        browser.cookies.clear()
        page = await browser.sign_in(f"{demo.gateway}/", person)

        assert page.status == 200
        assert page.url == f"{demo.gateway}/"
        assert f"Hello, {name}" in page.text


async def test_a_deep_link_keeps_its_query(demo: Demo, browser: VirtualBrowser) -> None:
    page = await browser.sign_in(f"{demo.gateway}/notes/42?from=mail&a=%2F")

    assert page.url == f"{demo.gateway}/notes/42?from=mail&a=%2F"
    assert "/notes/42?from=mail&amp;a=%2F" in page.text


async def test_whoever_cancels_is_not_signed_in(
    demo: Demo, browser: VirtualBrowser
) -> None:
    page = await browser.navigate(f"{demo.gateway}/")

    page = await browser.click(page, "Cancel")

    assert page.url.startswith(demo.logto.endpoint)
    again = await browser.navigate(f"{demo.gateway}/")
    assert "Choose who you are" in again.text


async def test_ada_may_see_her_page_and_bob_may_not(
    demo: Demo, browser: VirtualBrowser
) -> None:
    ada = await browser.sign_in(f"{demo.gateway}/only-ada", "ada")
    browser.cookies.clear()
    bob = await browser.sign_in(f"{demo.gateway}/only-ada", "bob")

    assert (ada.status, bob.status) == (200, 403)


async def test_the_public_page_needs_no_sign_in_and_learns_nothing(
    demo: Demo, browser: VirtualBrowser
) -> None:
    before = await browser.navigate(f"{demo.gateway}/public")
    await browser.sign_in(f"{demo.gateway}/")
    after = await browser.navigate(f"{demo.gateway}/public")

    assert before.status == after.status == 200
    assert "Ada Example" not in after.text


async def test_signing_out_ends_the_session_at_logto_too(
    demo: Demo, browser: VirtualBrowser
) -> None:
    page = await browser.sign_in(f"{demo.gateway}/")

    page = await browser.click(page, "Sign out")

    assert page.url.startswith(f"{demo.gateway}/.gateway/signed-out")
    again = await browser.navigate(f"{demo.gateway}/")
    assert "Choose who you are" in again.text


def test_the_command_says_what_to_open_and_stops_on_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)

    assert re.search(r"Open +http://127\.0\.0\.1:\d+/\n", said)
    assert "NOT FOR PRODUCTION" in said
    assert "-L" in said
    assert process.returncode == 0
    assert "Traceback" not in rest + errors
    assert "stopped" in rest


async def test_it_takes_the_next_free_ports() -> None:
    async with running_demo() as first:
        taken = int(first.gateway.rpartition(":")[2])
        async with running_demo(taken) as second:
            ports = [
                int(origin.rpartition(":")[2])
                for origin in (
                    second.gateway,
                    second.application,
                    second.logto.endpoint,
                )
            ]

    assert taken < ports[0] < ports[1] < ports[2]


@pytest.mark.parametrize("module", ["gateway.app", "gateway.cli", "gateway.__main__"])
def test_serving_never_loads_the_emulator(module: str) -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {module}; print(*(m for m in sys.modules if 'demo' in m))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "gateway.demo" not in loaded.stdout
