"""The demo in a real Chromium: what a person sees from sign-in to sign-out."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from gateway.demo.run import Demo

HELLO_ADA = "Hello, Ada Example"
CONSENT = "The application wants to know who you are"


@pytest.fixture
async def context(browser: Browser) -> BrowserContext:
    return await browser.new_context()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


async def sign_in(page: Page, address: str, person: str = "Ada") -> None:
    await page.goto(address)
    await expect(page.get_by_role("heading", name=CONSENT)).to_be_visible()
    await page.get_by_role("button", name=person).click()
    await page.wait_for_url(address)


async def sign_out(page: Page, demo: Demo) -> None:
    await page.get_by_role("link", name="Sign out").click()
    await page.wait_for_url(f"{demo.gateway}/.gateway/signed-out")
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def test_signing_in_leads_to_the_application_which_knows_the_person(
    demo: Demo, page: Page
) -> None:
    await sign_in(page, f"{demo.gateway}/")
    await expect(page.get_by_role("heading", name=HELLO_ADA)).to_be_visible()
    await expect(page.get_by_text("@ada_example", exact=True).first).to_be_visible()


async def test_a_deep_link_survives_the_sign_in_with_its_query(
    demo: Demo, page: Page
) -> None:
    address = f"{demo.gateway}/notes/42?from=mail&q=a%2Fb%20c"
    await sign_in(page, address)
    assert page.url == address
    await expect(
        page.get_by_text("/notes/42?from=mail&q=a%2Fb%20c").first
    ).to_be_visible()


async def test_cancelling_at_x_signs_nobody_in(demo: Demo, page: Page) -> None:
    await page.goto(f"{demo.gateway}/")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_text("You are not signed in yet")).to_be_visible()
    await page.goto(f"{demo.gateway}/.gateway/")
    await expect(page.get_by_text("You are not signed in.")).to_be_visible()


@pytest.mark.parametrize("first", [0, 1], ids=["the older first", "the newer first"])
async def test_two_tabs_finish_their_sign_ins_in_either_order(
    demo: Demo, context: BrowserContext, first: int
) -> None:
    tabs = [await context.new_page(), await context.new_page()]
    addresses = [f"{demo.gateway}/notes/{number}" for number in range(2)]
    for tab, address in zip(tabs, addresses, strict=True):
        await tab.goto(address)
        await expect(tab.get_by_role("heading", name=CONSENT)).to_be_visible()
    for index in (first, 1 - first):
        await tabs[index].get_by_role("button", name="Ada").click()
        await expect(
            tabs[index]
            .get_by_role("heading", name=HELLO_ADA)
            .or_(tabs[index].get_by_role("heading", name="Sign in"))
        ).to_be_visible()
    # The older of two tabs may end on Logto's own page: never on an error of ours.
    for tab, address in zip(tabs, addresses, strict=True):
        await tab.goto(address)
        await expect(tab.get_by_role("heading", name=HELLO_ADA)).to_be_visible()


async def test_the_websocket_and_the_event_stream_are_live(
    demo: Demo, page: Page
) -> None:
    await sign_in(page, f"{demo.gateway}/")
    await page.get_by_label("Send a message and get it back").fill("through the tunnel")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("[data-live=echo]")).to_contain_text("through the tunnel")
    await expect(page.locator("[data-live=clock]")).to_contain_text("UTC")
    await expect(page.locator("[data-live=count]")).to_have_text("3", timeout=10_000)


async def test_a_frame_without_a_session_leads_out_of_the_frame_to_sign_in(
    demo: Demo, context: BrowserContext, page: Page
) -> None:
    await sign_in(page, f"{demo.gateway}/notes/1?a=b")
    await context.clear_cookies(name=f"gateway-{demo.gateway.rpartition(':')[2]}")
    await page.evaluate(
        "const frame = document.createElement('iframe');"
        "frame.src = '/notes/2'; document.body.append(frame);"
    )
    link = page.frame_locator("iframe").get_by_role("link", name="Sign in with X")
    await link.click()
    # Logto still knows the person: the whole window comes back, to its own page.
    await page.wait_for_url(f"{demo.gateway}/notes/1?a=b")
    await expect(page.get_by_role("heading", name=HELLO_ADA)).to_be_visible()


async def test_after_sign_out_the_next_request_asks_again_and_back_shows_nothing(
    demo: Demo, context: BrowserContext, page: Page
) -> None:
    await sign_in(page, f"{demo.gateway}/")
    await sign_out(page, demo)
    left = [cookie["name"] for cookie in await context.cookies(demo.gateway)]
    assert not [name for name in left if name.startswith("gateway-")]
    await page.go_back()
    await expect(page.get_by_role("heading", name=HELLO_ADA)).to_have_count(0)
    await page.goto(f"{demo.gateway}/")
    await expect(page.get_by_role("heading", name=CONSENT)).to_be_visible()


async def test_who_may_not_gets_a_page_that_offers_another_account(
    demo: Demo, page: Page
) -> None:
    await page.goto(f"{demo.gateway}/only-ada")
    await page.get_by_role("button", name="Bob").click()
    await expect(
        page.get_by_role("heading", name="You may not open this page")
    ).to_be_visible()
    await expect(page.get_by_text("@bob_example")).to_be_visible()
    await page.get_by_role("button", name="Use another account").click()
    await page.get_by_role("button", name="Ada").click()
    await page.wait_for_url(f"{demo.gateway}/only-ada")
    await expect(page.get_by_role("heading", name=HELLO_ADA)).to_be_visible()


async def test_the_account_page_says_who_i_am_and_what_the_application_is_told(
    demo: Demo, page: Page
) -> None:
    await sign_in(page, f"{demo.gateway}/")
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    for text in ("2244994945", "87xtcn7tlv7b", "X-Forwarded-User"):
        await expect(page.get_by_text(text).first).to_be_visible()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.wait_for_url(f"{demo.gateway}/.gateway/signed-out")
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def test_no_page_of_ours_breaks_its_own_content_security_policy(
    demo: Demo, page: Page
) -> None:
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if "Content Security Policy" in message.text
            else None
        ),
    )
    await sign_in(page, f"{demo.gateway}/")
    await page.goto(f"{demo.gateway}/.gateway/")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.wait_for_url(f"{demo.gateway}/.gateway/signed-out")
    await page.goto(f"{demo.gateway}/.gateway/callback?state=x&code=y")
    await page.goto(f"{demo.gateway}/.gateway/nothing")
    assert complaints == []
