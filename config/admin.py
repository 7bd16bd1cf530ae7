"""[admin]: the listener for health and metrics."""

from typing import Annotated

from pydantic import BeforeValidator

from config.listen import Address, parse_address
from config.table import AsString, Table, key


def parse_admin_address(value: object) -> Address | None:
    """Read an address; empty is None, no listener. Raises Wrong for anything else."""
    return None if value == "" else parse_address(value)


class Admin(Table):
    """The listener for the machines that watch the gateway."""

    listen: Annotated[
        Address | None, BeforeValidator(parse_admin_address), AsString
    ] = key(
        "Where `/healthz`, `/readyz` and `/metrics` are served; empty turns it off.",
        default="127.0.0.1:9901",
    )
