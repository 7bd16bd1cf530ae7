"""How many workers ``workers = "auto"`` means: one for each CPU that we may use."""

import os
from math import ceil
from pathlib import Path

MOST = 64
_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # a container's own, by control groups 2


def usable_cpus() -> int:
    """Return how many CPUs this process may use, from 1 to MOST."""
    try:
        quota = whole_cpus(_QUOTA.read_text("ascii"))
    except (OSError, ValueError):
        quota = None
    allowed = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    return max(1, min(allowed, quota or allowed, MOST))


def whole_cpus(quota: str) -> int | None:
    """Return the CPUs that a control group's *quota* amounts to, rounded up.

    None for no limit.  Raises ValueError for anything else (Linux: cgroup-v2, cpu.max).
    """
    most, period = quota.split()
    return None if most == "max" else ceil(int(most) / int(period))
