"""Our own pages in Chromium: no script can run there, and they look right."""

from typing import Literal

import pytest
from playwright.async_api import Browser, Error

from gateway.demo.run import Demo

PAGES = ("", "signed-out", "sign-out", "none", "callback?state=x")
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"


async def test_no_text_becomes_markup_or_script_there(
    demo: Demo, browser: Browser
) -> None:
    page = await browser.new_page()
    complaints: list[str] = []
    for name in PAGES:
        await page.goto(f"{demo.gateway}/.gateway/{name}")
        for attempt in (
            "document.body.innerHTML = '<b>hello</b>'",
            "document.createElement('script').text = 'alert(1)'",
            "trustedTypes.createPolicy('default', {createHTML: text => text})",
        ):
            with pytest.raises(Error, match="TypeError"):
                await page.evaluate(f"() => {{ {attempt} }}")
            complaints.append(attempt)
    assert len(complaints) == 3 * len(PAGES)


@pytest.mark.parametrize("name", PAGES)
async def test_their_policy_lets_them_be_what_they_are(
    demo: Demo, browser: Browser, name: str
) -> None:
    colours: set[str] = set()
    complaints: list[str] = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page = await browser.new_page(color_scheme=scheme)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{demo.gateway}/.gateway/{name}")
        body = await page.evaluate(
            "getComputedStyle(document.body).backgroundColor + " + BACKGROUND
        )
        colours.add(body)
        unwanted = ("Content Security Policy", "Trusted", "Refused")
        assert [c for c in complaints if any(word in c for word in unwanted)] == []
    assert len(colours) == 2
