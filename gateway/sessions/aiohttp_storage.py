"""The adapter to aiohttp-session: our own pages read and change sessions through it.

It stores nothing itself; the cookie store does, with the codec that the proxied
requests use.  Only the request's fields and its mapping are used, so it serves
low-level servers too.  The one module that knows aiohttp-session.
"""

from collections.abc import Awaitable, Callable
from typing import cast

import aiohttp_session
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.sessions.session import Session
from gateway.sessions.store import SessionStore
from gateway.sessions.too_large import SessionTooLarge

log = structlog.get_logger("gateway.sessions")
_KEY = "session"  # what the mapping of an aiohttp-session holds: a Session of ours


class SessionStorage(aiohttp_session.AbstractStorage):
    """Loads and saves sessions as *store* does.

    *host_of* returns the canonical host of a request, *now* the time in unix
    seconds.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        host_of: Callable[[web.BaseRequest], str],
        now: Callable[[], float],
    ) -> None:
        super().__init__(cookie_name=store.own.name.decode("ascii"))
        self._store = store
        self._host_of = host_of
        self._now = now
        self._middleware = aiohttp_session.session_middleware(self)

    async def serve(
        self,
        request: web.BaseRequest,
        answer: Callable[[web.BaseRequest], Awaitable[web.Response]],
    ) -> web.Response:
        """Return the *answer* to *request*, with its session loaded and saved."""
        handler = cast("Handler", answer)
        response = await self._middleware(cast("web.Request", request), handler)
        return cast("web.Response", response)

    async def load_session(self, request: web.BaseRequest) -> aiohttp_session.Session:
        """Return the session of *request*; an empty one where it has none."""
        session = await self._store.find(
            cookie_field(request), self._host_of(request), self._now()
        )
        if session is None:
            return aiohttp_session.Session(None, data=None, new=True)
        loaded = aiohttp_session.Session(
            session.id,
            data={"created": session.signed_in_at, "session": {_KEY: session}},
            new=False,
        )
        if not session.current_cookie:
            loaded.changed()  # it was renewed, or there is a newer key
        return loaded

    async def save_session(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        session: aiohttp_session.Session,
    ) -> None:
        """Add to *response*, which was not sent yet, what changes the session.

        An empty *session* ends the one of *request*.  Raises SessionTooLarge for a
        new one.
        """
        cookie = cookie_field(request)
        current = _held(session)
        if current is None:
            await self.end(request)
            values = self._store.clear(cookie)
        else:
            values = await self._kept(request, current, cookie, new=session.new)
        for value in values:
            response.headers.add("Set-Cookie", value.decode("ascii"))

    def check(self) -> None:
        """Raise SharingAway where nobody could be signed in now."""
        self._store.check()

    async def end(self, request: web.BaseRequest) -> Session | None:
        """Have the session of *request* be over, and return it; None without one.

        It may have been over before: there may still be a grant to revoke.
        """
        session = await self._store.find_opened(
            cookie_field(request), self._host_of(request)
        )
        if session is None:
            return None
        now = self._now()
        self._store.end(session, now)
        await self._store.settled()
        return self._store.newest(session, now)

    async def _kept(
        self, request: web.BaseRequest, session: Session, cookie: bytes, *, new: bool
    ) -> list[bytes]:
        host, now = self._host_of(request), self._now()
        if new:
            agent = request.headers.get("User-Agent", "")
            return await self._store.begin(session, host, now, cookie, agent)
        try:
            return self._store.write(session.seen(now), host, now, cookie)
        except SessionTooLarge as error:  # what came before it serves on
            log.warning("session_not_renewed", reason=str(error))
            return []


def cookie_field(request: web.BaseRequest) -> bytes:
    """Return the Cookie fields of *request* as they were sent, joined."""
    return b"; ".join(
        value for name, value in request.raw_headers if name.lower() == b"cookie"
    )


async def current_session(request: web.BaseRequest) -> Session | None:
    """Return the session of *request*, which the session middleware serves."""
    return _held(await _session(request))


def check_sessions(request: web.BaseRequest) -> None:
    """Raise SharingAway where *request* could not be given a session now."""
    storage = request[aiohttp_session.STORAGE_KEY]
    if isinstance(storage, SessionStorage):
        storage.check()


async def begin_session(request: web.BaseRequest, session: Session) -> None:
    """Have the answer to *request* give *session* to the client.

    The one that came with the request is replaced, and dead.
    """
    begun = await aiohttp_session.new_session(cast("web.Request", request))
    begun[_KEY] = session


async def keep_session(request: web.BaseRequest, session: Session) -> None:
    """Have the answer to *request* give *session* to the client: a newer of its own."""
    (await _session(request))[_KEY] = session


async def end_session(request: web.BaseRequest) -> Session | None:
    """End the session of *request* now, and have the answer clear its cookies.

    Return it, even where it was over already: its grant is to be revoked.
    """
    (await _session(request)).invalidate()
    storage = request[aiohttp_session.STORAGE_KEY]
    return await storage.end(request) if isinstance(storage, SessionStorage) else None


async def _session(request: web.BaseRequest) -> aiohttp_session.Session:
    # get_session asks for a Request and uses the mapping that it inherits.
    return await aiohttp_session.get_session(cast("web.Request", request))


def _held(session: aiohttp_session.Session) -> Session | None:
    held = session.get(_KEY)
    return held if isinstance(held, Session) else None
