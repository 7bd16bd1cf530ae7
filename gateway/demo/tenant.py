"""Everything the emulated Logto knows, and the switches that tests turn.

The endpoints read and change it; it outlives an outage of the server.
"""

import json
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace

from aiohttp import web
from multidict import MultiMapping

from gateway.demo.clients import Client
from gateway.demo.faults import Fault, Record
from gateway.demo.grants import Grant, Grants, Lifetimes
from gateway.demo.people import Person
from gateway.demo.signing_keys import Claims, Header, KeyRing


@dataclass(slots=True)
class LogtoSession:
    """A browser that is signed in to Logto itself."""

    id: str
    person: str
    sub: str
    signed_in_at: float
    sid: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    grants: dict[str, Grant] = field(default_factory=dict)
    """By application."""


@dataclass(slots=True)
class Interaction:
    """One authorization request while the person is away at X."""

    uid: str
    client: Client
    parameters: MultiMapping[str]
    settled: bool = False
    """The live session will do: nobody has to go to X."""
    signed_in: str | None = None
    """Key of the person who has come back from X."""
    consented: bool = False


@dataclass(slots=True)
class Behaviour:
    """What can be changed while Logto runs, beside the faults."""

    version: str = "1.41"
    """"1.42" leaves ``at_hash`` and the ``typ`` of ID tokens out."""
    id_token_extended_claims: set[str] = field(default_factory=set)
    """Of "identities", "sso_identities", "custom_data": enabled in ID tokens too."""
    social_targets: set[str] = field(default_factory=lambda: {"x"})
    sso_connectors: set[str] = field(default_factory=lambda: {"company"})
    older_tab_fails: bool = True
    """A second sign-in of a browser makes the first end on Logto's own page."""
    id_token_hook: Callable[[Claims, Header], str | None] | None = None
    """May change the claims and header before signing, or return a whole token."""
    userinfo_hook: Callable[[Claims], None] | None = None
    logout_token_hook: Callable[[Claims, Header], str | None] | None = None
    """As the ID token's."""
    access_token_hook: Callable[[Claims, Header], str | None] | None = None
    """As the ID token's, for access tokens that are JWTs."""
    never_asks_again: bool = False
    """A hostile or broken Logto: ``prompt=login`` and ``max_age`` count for nothing."""
    token_hook: Callable[[Claims], None] | None = None
    """May change the answer of the token endpoint."""
    callback_hook: Callable[[MutableMapping[str, str]], None] | None = None
    """May change what goes back to the application: code, state, iss, error."""
    discovery_hook: Callable[[Claims], None] | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What Logto posted to an address of somebody's, and the answer; 0 for none."""

    url: str
    body: bytes
    status: int
    headers: Mapping[str, str]
    """Of the answer."""


class Tenant:
    """The emulated Logto's database.  ``now`` returns unix seconds.

    ``resources`` are the identifiers of API resources, ``organizations`` the names of
    organizations by id; people say what they may do there.
    """

    def __init__(
        self, clients: list[Client], people: list[Person], now: Callable[[], float]
    ) -> None:
        self.now = now
        self.endpoint = ""
        self.clients = {client.app_id: client for client in clients}
        self.people = {person.key: person for person in people}
        self.suspended: set[str] = set()
        self.resources: set[str] = set()
        self.organizations: dict[str, str] = {}
        self.keys = KeyRing()
        self.lifetimes = Lifetimes()
        self.grants = Grants(now, self.lifetimes)
        self.sessions: dict[str, LogtoSession] = {}
        self.interactions: dict[str, Interaction] = {}
        self.x_codes: dict[str, str] = {}
        self.logouts: dict[str, str] = {}
        self.behaviour = Behaviour()
        self.faults: dict[str, Fault] = {}
        self.requests = Record()
        self.posted: list[Posted] = []

    @property
    def issuer(self) -> str:
        """The issuer: fixed, whatever name Logto was reached by."""
        return f"{self.endpoint}/oidc"

    def person_of(self, grant: Grant) -> Person | None:
        """Return whose grant it is, or None when suspended or deleted since."""
        person = self.people.get(grant.person)
        gone = person is None or person.sub != grant.sub
        return None if gone or grant.person in self.suspended else person

    def delete(self, key: str) -> None:
        """Delete the Logto user; signing in again makes one with a new ``sub``."""
        self.people[key] = replace(self.people[key], sub=secrets.token_hex(6))

    def session_of(self, cookies: Mapping[str, str]) -> LogtoSession | None:
        """Return the live session that the browser's cookies name, or None."""
        session = self.sessions.get(cookies.get("_session", ""))
        if session is None:
            return None
        person = self.people.get(session.person)
        expired = self.now() >= session.signed_in_at + self.lifetimes.session
        changed = person is None or person.sub != session.sub
        return None if expired or changed else session

    def sign_in(self, key: str, current: LogtoSession | None) -> LogtoSession:
        """Return the session of a person who has just shown who they are.

        The same person keeps the session and its grants; another one gets a new one.
        """
        sub = self.people[key].sub
        if current is not None and current.sub == sub:
            current.signed_in_at = self.now()
            return current
        if current is not None:
            del self.sessions[current.id]
        session = LogtoSession(secrets.token_urlsafe(32), key, sub, self.now())
        self.sessions[session.id] = session
        return session

    def grant_of(self, session: LogtoSession, client: Client) -> Grant:
        """Return the one grant that a session and an application share."""
        grant = session.grants.get(client.app_id)
        if grant is None or not grant.alive:
            grant = Grant(session.person, session.sub, client.app_id, session.sid)
            session.grants[client.app_id] = grant
        return grant


TENANT = web.AppKey("tenant", Tenant)


def cookies_of(request: web.Request) -> Mapping[str, str]:
    """Return the cookies of *request*, values raw.

    Read by hand: a cookie of raw JSON stops ``http.cookies`` short.
    """
    pairs = request.headers.get("Cookie", "").split(";")
    split = (pair.strip().partition("=") for pair in pairs)
    return {name: value for name, _, value in split}


def interaction_cookie(interaction: Interaction) -> str:
    """Return the ``Set-Cookie`` value that names a browser's newest sign-in.

    It is raw JSON with quotes and a comma, as Logto's is.
    """
    value = {interaction.client.app_id: interaction.uid, "connector": "x-universal"}
    text = json.dumps(value, separators=(",", ":"))
    return f"_interaction={text}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"


def newest_interaction(cookies: Mapping[str, str], client: Client) -> str | None:
    """Return the uid that `interaction_cookie` left for *client*, or None."""
    try:
        uid = json.loads(cookies.get("_interaction", "")).get(client.app_id)
    except (ValueError, AttributeError):
        return None
    return uid if isinstance(uid, str) else None
