"""The log of the admin listener's server, without what others send there.

What is no HTTP is answered with 400. aiohttp also writes an error for it, with the
bytes that came: whoever reaches the listener could fill the log, with anything.
"""

import logging

from aiohttp.http_exceptions import HttpProcessingError

LOGGER = logging.getLogger("gateway.admin")


def _is_our_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


LOGGER.addFilter(_is_our_fault)
