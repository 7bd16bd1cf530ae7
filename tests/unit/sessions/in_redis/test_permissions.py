"""The user that docs/how-to/redis.md makes may do what the scripts do."""

import re
from pathlib import Path

import pytest
from redis import exceptions

from gateway.sessions.in_redis import scripts
from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.server import why
from tests.support.project import ROOT

HOW_TO = (ROOT / "docs/how-to/redis.md").read_text()


def test_the_user_of_the_how_to_may_run_every_command_of_the_scripts() -> None:
    (line,) = re.findall(r"ACL SETUSER gateway .*", HOW_TO)
    granted = set(re.findall(r"\+([a-z]+)", line))
    text = Path(scripts.__file__).read_text()
    called = re.findall(r"(?:redis\.call|mended)\('(\w+)'", text)
    assert len(called) > 20
    assert {name.lower() for name in called} <= granted


@pytest.mark.parametrize(
    "said",
    [
        "this user has no permissions to run the 'set' command",
        "The user executing the script can't run this command or subcommand script: a",
    ],
)
def test_a_missing_permission_is_said_whether_in_a_script_or_not(said: str) -> None:
    reason = why(exceptions.ResponseError(said), Bounds(1, 1.0, 1.0))
    assert reason == f"its user may not do all that the gateway needs: {said}"
