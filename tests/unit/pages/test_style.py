"""The colours can be told apart: WCAG 2.2, 1.4.3 and 1.4.11."""

import re
from importlib.resources import files

import pytest

STYLE = files("gateway.pages").joinpath("assets", "style.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        pytest.param("text", "card", 7, id="text"),
        pytest.param("text", "over", 7, id="a button that is pointed at"),
        pytest.param("quiet", "card", 4.5, id="quiet text"),
        pytest.param("quiet", "ground", 4.5, id="the request id"),
        pytest.param("on-ink", "ink", 7, id="the first button"),
        pytest.param("on-ink", "ink-over", 7, id="the first one, pointed at"),
        pytest.param("edge", "card", 3, id="the edge of a button"),
        pytest.param("focus", "card", 3, id="the focus"),
    ],
)
def test_colours_can_be_told_apart(
    colours: dict[str, str], front: str, back: str, least: float
) -> None:
    assert contrast(colours[front], colours[back]) >= least


def test_light_and_dark_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_buttons_are_large_enough_for_a_finger() -> None:
    (action,) = re.findall(r"\.action \{(.*?)\}", STYLE, re.DOTALL)[:1]
    (height,) = re.findall(r"min-height: ([\d.]+)rem", action)
    assert float(height) * 16 >= 44


def test_the_focus_is_never_taken_away() -> None:
    assert ":focus-visible { outline: 3px solid" in STYLE
    assert not re.search(r"outline:\s*(none|0)\b", STYLE)
