import re
from importlib.resources import files

import pytest

from gateway.pages.asset import asset, asset_path

NAMES = ["style.css", "icon.svg"]


@pytest.mark.parametrize("name", NAMES)
def test_assets_are_kept_for_ever_under_a_name_of_their_content(name: str) -> None:
    path = asset_path(name)
    stem, _, suffix = name.partition(".")
    assert re.fullmatch(rf"/\.gateway/assets/{stem}\.[0-9a-f]{{16}}\.{suffix}", path)
    found = asset(path.removeprefix("/.gateway/assets/"))
    assert found is not None
    fields = dict(found.fields)
    assert found.status == 200
    assert fields[b"Cache-Control"] == b"public, max-age=31536000, immutable"
    assert fields[b"X-Content-Type-Options"] == b"nosniff"
    assert fields[b"Content-Type"].startswith((b"text/css", b"image/svg+xml"))
    assert found.body == files("gateway.pages").joinpath("assets", name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("style.css", id="without hash"),
        pytest.param("style.0123456789abcdef.css", id="with another hash"),
        pytest.param("../templates/page.html", id="a way out"),
        pytest.param("..%2fpage.py", id="an escaped way out"),
        pytest.param("", id="nothing"),
    ],
)
def test_nothing_else_is_served(name: str) -> None:
    assert asset(name) is None


def test_every_file_is_served() -> None:
    folder = files("gateway.pages").joinpath("assets")
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(NAMES)


def test_the_stylesheet_loads_nothing() -> None:
    found = asset(asset_path("style.css").rpartition("/")[2])
    assert found is not None
    assert b"url(" not in found.body
    assert b"@import" not in found.body
