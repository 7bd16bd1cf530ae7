"""How long the tests below tests/fuzz look: briefly, or as scripts/fuzz asks."""

import os
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.support.project import ROOT

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "0"))  # noqa: TID251 - of tests
DATABASE: Final = ROOT / ".hypothesis" / "fuzz"


def briefly(examples: int, steps: int = 20) -> settings:
    """Return settings for *examples* of *steps*, or those that scripts/fuzz asks for.

    What failed once is tried again first,
    and a failure is printed with what repeats it.
    """
    return settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=steps,
        deadline=None,
        print_blob=True,
        database=DirectoryBasedExampleDatabase(DATABASE),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
