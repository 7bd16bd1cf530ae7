"""What is sent to our own addresses: bodies and forms, read within limits."""

import asyncio
from contextlib import suppress
from urllib.parse import parse_qs

from gateway.visit import Visit

LONGEST = 8 * 1024  # bytes
SLOWEST = 10.0  # seconds


async def form_value(visit: Visit, name: str) -> str | None:
    """Return what the form calls *name*; None where :func:`form_values` has none."""
    return (await form_values(visit)).get(name)


async def form_values(visit: Visit) -> dict[str, str]:
    """Return what the form holds by name, but for what it holds more than once.

    Nothing of a form that is too long, or comes too slowly.  Raises RequestRefused
    for a body that breaks its framing.
    """
    try:
        body = await body_within(visit, LONGEST) or b""
        given = parse_qs(body.decode("ascii"), max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in given.items() if len(values) == 1}


async def body_within(visit: Visit, longest: int) -> bytes | None:
    """Return the raw body; None for one over *longest* bytes, or that comes too slowly.

    Raises RequestRefused for a body that breaks its framing.
    """
    body = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(SLOWEST):
            while len(body) <= longest:
                chunk = await visit.request.content.readany()
                if not chunk:
                    return body
                body += chunk
    return None
