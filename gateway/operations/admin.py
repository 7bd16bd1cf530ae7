"""The operator's own listener: liveness, readiness, metrics, and orders."""

from collections.abc import Callable, Iterable

from aiohttp import web

from gateway.operations.metrics import CONTENT_TYPE, Metrics


def admin_application(
    metrics: Metrics,
    not_ready: Callable[[], str | None],
    orders: Iterable[web.RouteDef] = (),
) -> web.Application:
    """Return the application behind ``[admin] listen``.

    *not_ready* returns why no new request should come here, or None; *orders* are
    the addresses that change something.
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
            body=metrics.exposition(), headers={"Content-Type": CONTENT_TYPE}
        )

    async def finish(_request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers.pop("Server", None)
        answer.headers["Cache-Control"] = "no-store"

    application = web.Application()
    application.on_response_prepare.append(finish)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", exposition)
    application.router.add_routes(orders)
    return application
