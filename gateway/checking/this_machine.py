"""What the machine that checks says about the file. Everything here blocks.

These are hints: the gateway may run elsewhere, or as somebody else.
"""

import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from config.places import Places
from config.secret_files import SECRETS
from config.settings import Settings


def hints_here(file: str, settings: Settings, places: Places) -> Iterator[str]:
    """Yield a sentence for each thing worth knowing before it runs here.

    *file* is the configuration, *places* is where its values stand.
    """
    for name in _with_secrets(file, settings, places):
        if _others_read(Path(name)):
            yield (
                f"everybody on this machine can read the secrets in {name}: "
                f"chmod 600 {name}, and let the gateway's user own it"
            )
    state = settings.server.state_directory
    if state and not Path(state).is_dir():
        yield (
            f"there is no folder {state} here: the gateway starts only where its user "
            "can write to state_directory"
        )
    if settings.session.store == "redis" and find_spec("redis") is None:
        yield (
            'store = "redis" needs the Python package redis, which is not installed '
            "here: `pip install 'logto-gateway[redis]'`"
        )


def _with_secrets(file: str, settings: Settings, places: Places) -> dict[str, None]:
    names: dict[str, None] = {}
    for table, key in SECRETS:
        values = getattr(settings, table)
        if named := getattr(values, f"{key}_file"):
            names[named] = None
        elif getattr(values, key) and places.line((table, key)) is not None:
            names[file] = None
    return names


def _others_read(path: Path) -> bool:
    """Tell whether others can read *path*, and enter each folder on the way."""
    try:
        whole = path.resolve(strict=True)
        return bool(whole.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in whole.parents
        )
    except OSError:  # it was there a moment ago
        return False
