"""Runs a test on asyncio's event loop and on uvloop, which break off differently."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

LOOPS = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(uvloop.new_event_loop, id="uvloop"),
]


def on_both_loops(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Return *test*, a coroutine function, as one test for each loop."""
    signature = inspect.signature(test)
    own = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)

    def run(*, new_loop: Callable[[], asyncio.AbstractEventLoop], **given: Any) -> None:  # noqa: ANN401
        async def main() -> None:
            async with asyncio.timeout(30):
                await test(**given)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())

    run.__name__ = getattr(test, "__name__", "run")
    run.__module__ = test.__module__
    run.__doc__ = test.__doc__
    parameters = [*signature.parameters.values(), own]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    for mark in getattr(test, "pytestmark", []):
        pytest.mark.__getattr__(mark.name)(*mark.args, **mark.kwargs)(run)
    decorated: Callable[..., None] = pytest.mark.parametrize("new_loop", LOOPS)(run)
    return decorated
