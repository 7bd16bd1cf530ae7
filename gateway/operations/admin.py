"""The operator's own listener: liveness, readiness, metrics, and orders."""

from collections.abc import Awaitable, Callable, Container, Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.operations.admin_host import is_asked_by_name
from gateway.operations.metrics import CONTENT_TYPE

UNKNOWN_NAME = "not a name of this listener: list it in admin.hosts\n"


def admin_application(
    metrics: Callable[[], Awaitable[bytes]],
    not_ready: Callable[[], str | None],
    orders: Iterable[web.RouteDef] = (),
    names: Container[str] = (),
) -> web.Application:
    """Return the application behind ``[admin] listen``.

    *metrics* returns them in Prometheus' text format, *not_ready* why no new request
    should come here, or None; *orders* are the addresses that change something; *names*
    are hosts that it answers for, beside those that only this machine or network can
    have.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        reason = not_ready()
        if reason is None:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=f"not ready: {reason}\n")

    async def exposition(_request: web.Request) -> web.Response:
        return web.Response(
            body=await metrics(), headers={"Content-Type": CONTENT_TYPE}
        )

    async def finish(_request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers.pop("Server", None)
        answer.headers["Cache-Control"] = "no-store"

    application = web.Application(middlewares=[_by_its_name(names)])
    application.on_response_prepare.append(finish)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", exposition)
    application.router.add_routes(orders)
    return application


def _by_its_name(names: Container[str]) -> Middleware:
    """Return what answers nobody who asks for another listener than this one."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_asked_by_name(request.headers.get("Host"), names):
            return await handler(request)
        return web.Response(status=421, text=UNKNOWN_NAME)

    return check
