"""A Flask application that believes the gateway's assertion, and nothing else.

    PUBLIC_URL=https://app.example.com flask --app flask_application run --port 3000

Needs Flask and PyJWT with cryptography.
"""

import os

import jwt
from flask import Flask, abort, g, request

GATEWAY = os.environ["PUBLIC_URL"]
# Asked every five minutes, and for a key that it does not know, twice a minute at most.
KEYS = jwt.PyJWKClient(f"{GATEWAY}/.gateway/jwks.json", timeout=5)

app = Flask(__name__)


@app.before_request
def only_through_the_gateway() -> None:
    """Answer 401 to whatever did not come through the gateway."""
    try:
        assertion = request.headers["X-Gateway-Assertion"]
        g.person = jwt.decode(
            assertion,
            KEYS.get_signing_key_from_jwt(assertion),
            algorithms=["ES256"],
            issuer=GATEWAY,
            audience=GATEWAY,
            options={"require": ["exp", "iat", "sub"]},
            leeway=5,
        )
    except (KeyError, jwt.PyJWTError):
        abort(401)


@app.get("/")
def hello() -> dict[str, str]:
    """Greet the person."""
    return {"hello": g.person.get("name", "stranger"), "user": g.person["sub"]}
