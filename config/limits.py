"""[limits]: how much one client may take, and all of them together."""

from typing import Annotated

from pydantic import Field

from config.table import Table, key
from config.units import Duration, Size, between

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Limits(Table):
    """How much one client may take, and all of them together."""

    connections: Count = key(
        "Most connections of clients; beyond it the client with the most loses one.",
        default=10_000,
    )
    connections_per_client: Count = key(
        "Most connections of one client; those of trusted proxies are not limited.",
        default=500,
    )
    upgrades: Count = key(
        "Most WebSockets; beyond it the client with the most loses one.", default=5000
    )
    upgrades_per_client: Count = key("Most WebSockets of one client.", default=250)
    requests_per_client: Count = key(
        "Most requests of one client that wait for their answers at a time; never more "
        "than half of `server.upstream_connections`.",
        default=500,
    )
    sign_ins_per_minute: Count = key(
        "How often one client may go to Logto or come back, in a minute.", default=300
    )
    wrong_bearers_per_minute: Count = key(
        "How many access tokens that are not good one client may show, in a minute.",
        default=300,
    )
    head_timeout: Duration = key(
        "How long the head of a request may take, from its first byte.", default="15s"
    )
    body_timeout: Duration = key(
        "How long the body of a request may stall.", default="60s"
    )
    send_timeout: Duration = key(
        "How long a client may take nothing of an answer that waits to be sent.",
        default="60s",
    )
    path_length: Annotated[Size, between("256B", "64KiB")] = key(
        "Longest path of a request, without its query.", default="8KiB"
    )
