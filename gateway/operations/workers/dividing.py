"""What one worker may take of what the configuration allows the whole gateway.

Each gets an equal part, rounded up: connections come to the workers in about equal
numbers, and no message is needed for what happens with each of them.
"""

from dataclasses import replace

from config.settings import Settings

DIVIDED = (
    "connections",
    "connections_per_client",
    "upgrades",
    "upgrades_per_client",
    "requests_per_client",
    "sign_ins_per_minute",
    "wrong_bearers_per_minute",
)


def for_one_of(settings: Settings, workers: int) -> Settings:
    """Return the settings for each of so many *workers*."""
    server, limits = settings.server, settings.limits
    parts = {name: _part(getattr(limits, name), workers) for name in DIVIDED}
    upstreams = _part(server.upstream_connections, workers)
    return replace(
        settings,
        server=server.model_copy(update={"upstream_connections": upstreams}),
        limits=limits.model_copy(update=parts),
    )


def _part(whole: int, workers: int) -> int:
    return -(-whole // workers)
