"""Return-to values that have fooled others, collected by others.

oauth2-proxy's list (MIT licence), and those of mod_auth_openidc, Pomerium and vouch.
They are no part of the project: where they are not at hand, the test is skipped.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(os.environ.get("TEST_DATA", ROOT.parent / "shared" / "data"))  # noqa: TID251
NAMES = ("open_redirects.txt", "open_redirects_extra.txt")


def collected() -> list[str]:
    """Return every line of the lists; skip the test where they are not at hand."""
    files = [LISTS / name for name in NAMES]
    if not all(file.is_file() for file in files):
        pytest.skip(f"the lists of open redirects are not at hand: {LISTS}")
    texts = [file.read_text("utf-8", "surrogateescape") for file in files]
    lines = [line for text in texts for line in text.split("\n") if line]
    assert len(lines) > 600
    return lines
