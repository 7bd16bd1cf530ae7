"""The metrics of all workers together, and of the supervisor."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, generate_latest

from gateway.operations.metrics import Metrics
from gateway.operations.workers.figures import Collected, families, summed
from gateway.operations.workers.place import Place

PATIENCE = 1.0  # seconds for a worker's figures; then its last ones are told


class Exposition:
    """Tells what the workers in *places* counted, those that ended among them."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._own = Metrics()
        self._own.watch(
            "gateway_workers",
            "Workers that accept connections.",
            lambda: sum(place.is_ready for place in places),
        )
        self._own.count(
            "gateway_worker_restarts",
            "Workers that were started in the place of one that ended.",
            lambda: sum(max(0, place.started - 1) for place in places),
        )

    async def __call__(self) -> bytes:
        """Return all in Prometheus' text format."""
        await asyncio.gather(*(place.ask_figures(PATIENCE) for place in self._places))
        told = {"supervisor": families(self._own.collect())}
        for place in self._places:
            told[f"past {place.number}"] = place.past
            told[str(place.number)] = place.figures
        registry = CollectorRegistry()
        registry.register(Collected(summed(told)))
        return generate_latest(registry)
