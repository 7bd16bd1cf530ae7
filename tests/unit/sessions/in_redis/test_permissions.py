"""The user that docs/how-to/redis.md makes may do what the scripts do."""

import re
from pathlib import Path

from gateway.sessions.in_redis import scripts
from tests.support.project import ROOT

HOW_TO = (ROOT / "docs/how-to/redis.md").read_text()


def test_the_user_of_the_how_to_may_run_every_command_of_the_scripts() -> None:
    (line,) = re.findall(r"ACL SETUSER gateway .*", HOW_TO)
    granted = set(re.findall(r"\+([a-z]+)", line))
    called = re.findall(r"redis\.call\('(\w+)'", Path(scripts.__file__).read_text())
    assert len(called) > 10
    assert {name.lower() for name in called} <= granted
