"""[admin]: the listener for health and metrics."""

from typing import Annotated

from pydantic import BeforeValidator

from config.listen import Address, TcpAddress, parse_address
from config.origin import parse_host
from config.problem import Wrong
from config.table import AsString, Many, Table, key


def parse_admin_address(value: object) -> Address | None:
    """Read an address; empty is None, no listener. Raises Wrong for anything else."""
    return None if value == "" else parse_address(value)


def parse_admin_host(value: object) -> str:
    """Read one of `hosts`. Returns it in lower case. Raises Wrong."""
    if not isinstance(value, str):
        raise Wrong('expected a host in quotes, such as "gateway.monitoring.svc"')
    return parse_host(value)


AdminHost = Annotated[str, BeforeValidator(parse_admin_host), AsString]


class Admin(Table):
    """The listener for the machines that watch the gateway."""

    listen: Annotated[
        Address | None, BeforeValidator(parse_admin_address), AsString
    ] = key(
        "Where `/healthz`, `/readyz` and `/metrics` are served; empty turns it off.",
        default="127.0.0.1:9901",
    )
    hosts: Annotated[tuple[AdminHost, ...], Many] = key(
        "Names it is asked by, such as a monitor's for it; addresses, `localhost` and "
        "names without a dot need not be listed.",
        default=[],
    )

    @property
    def names(self) -> frozenset[str]:
        """The names by which it may be asked, beside those that only it can have."""
        own = self.listen.host if isinstance(self.listen, TcpAddress) else ""
        return frozenset((*self.hosts, own))
