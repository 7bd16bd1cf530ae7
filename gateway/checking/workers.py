"""How many workers there will be, and what each of them may take of the limits."""

from collections.abc import Callable, Iterator

from config.settings import Settings
from gateway.operations.workers.dividing import DIVIDED, for_one_of

SMALL = 10  # what one worker should have of a limit, at least


def worker_hints(settings: Settings, cpus: Callable[[], int]) -> Iterator[str]:
    """Yield what ``server.workers`` means here; *cpus* counts those we may use."""
    wanted = settings.server.workers
    workers = cpus() if wanted == "auto" else wanted
    if wanted == "auto":
        yield f'workers = "auto" means {workers} here: one for each CPU to be used'
    if workers == 1:
        return
    each = for_one_of(settings, workers)
    parts = {name: getattr(each.limits, name) for name in DIVIDED}
    parts["upstream_connections"] = each.server.upstream_connections
    told = ", ".join(f"{name} {part}" for name, part in parts.items())
    yield (
        f"{workers} workers will serve, and a supervisor that starts them; each worker "
        f"has an equal part of the limits: {told}"
    )
    small = [name for name, part in parts.items() if part < SMALL]
    if small:
        yield (
            f"a worker has less than {SMALL} of {', '.join(small)}: clients whose "
            "connections come to one worker meet that early, so allow more"
        )
