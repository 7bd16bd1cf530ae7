"""An aiohttp application that believes the gateway's assertion, and nothing else.

    PUBLIC_URL=https://app.example.com PORT=3000 python aiohttp_application.py

Needs aiohttp and PyJWT with cryptography.
"""

import asyncio
import os

import jwt
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

PERSON = web.RequestKey("person", dict)


def only_through_the_gateway(public_url: str) -> Middleware:
    """Answer 401 to whatever did not come through the gateway at *public_url*."""
    # Asked every five minutes, and for a key that it does not know, twice a minute.
    keys = jwt.PyJWKClient(f"{public_url}/.gateway/jwks.json", timeout=5)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            assertion = request.headers["X-Gateway-Assertion"]
            key = await asyncio.to_thread(keys.get_signing_key_from_jwt, assertion)
            request[PERSON] = jwt.decode(
                assertion,
                key,
                algorithms=["ES256"],
                issuer=public_url,
                audience=public_url,
                options={"require": ["exp", "iat", "sub"]},
                leeway=5,
            )
        except (KeyError, UnicodeError, jwt.PyJWTError):
            raise web.HTTPUnauthorized from None
        return await handler(request)

    return check


async def hello(request: web.Request) -> web.Response:
    """Greet the person."""
    person = request[PERSON]
    return web.json_response(
        {"hello": person.get("name", "stranger"), "user": person["sub"]}
    )


def application(public_url: str) -> web.Application:
    """Return the application; *public_url* is that of the gateway."""
    app = web.Application(middlewares=[only_through_the_gateway(public_url)])
    app.router.add_get("/", hello)
    return app


if __name__ == "__main__":
    web.run_app(
        application(os.environ["PUBLIC_URL"]),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
    )
