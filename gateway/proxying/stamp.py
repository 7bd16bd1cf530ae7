"""What comes with a request that may pass: who it is, where from, what is added."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.routing.client_address import ClientAddress
from gateway.routing.target import Target
from gateway.sessions.bearer import Bearer
from gateway.sessions.session import Session


@dataclass(slots=True)  # frozen but for the hot path
class Stamp:
    """What the gateway knows about a request, to be told to the upstream.

    *identity* are the lines of the identity fields; *client* where it came from; *host*
    the Host as the client used it; *set_cookies* returns the Set-Cookie values of ours
    for the answer: it is asked when the answer's head comes, since much may have
    changed until then (the person may have signed out).  With *who*, a session or a
    bearer, the exchange ends when that is over.
    """

    identity: bytes
    client: ClientAddress
    host: bytes
    request_id: bytes
    target: Target
    set_cookies: Callable[[], Sequence[bytes]] = tuple
    who: Session | Bearer | None = None
