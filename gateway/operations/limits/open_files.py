"""How many connections the process may hold: each takes a file descriptor."""

import sys

MOST = 1024 * 1024
OWN = 64  # descriptors for what is neither a client nor an upstream


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return what it then is.

    Systems keep the soft limit at 1,024 for programs that cannot count further, and
    let those that can raise it themselves.
    """
    if sys.platform == "win32":
        return MOST  # there is no such limit, and no such module
    import resource  # noqa: PLC0415

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS refuses more than kern.maxfilesperproc
            return soft
        return wanted
    return MOST if soft == resource.RLIM_INFINITY else soft


def room_for_clients(open_files: int, upstreams: int) -> int:
    """Return for how many connections of clients *open_files* leave room.

    *upstreams* is how many connections to upstreams there may be; they get half of it
    at the most.  Who runs out of descriptors can accept nobody any more.
    """
    return max(1, open_files - OWN - min(open_files // 2, upstreams))
