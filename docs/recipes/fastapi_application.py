"""A FastAPI application that believes the gateway's assertion, and nothing else.

    PUBLIC_URL=https://app.example.com uvicorn fastapi_application:app --port 3000

Needs FastAPI, uvicorn, and PyJWT with cryptography.
"""

import os
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException

GATEWAY = os.environ["PUBLIC_URL"]
# Asked every five minutes, and for a key that it does not know, twice a minute at most.
KEYS = jwt.PyJWKClient(f"{GATEWAY}/.gateway/jwks.json", timeout=5)


def person(x_gateway_assertion: Annotated[str, Header()] = "") -> dict[str, Any]:
    """Return who it is; answer 401 to whatever did not come through the gateway."""
    try:
        return jwt.decode(
            x_gateway_assertion,
            KEYS.get_signing_key_from_jwt(x_gateway_assertion),
            algorithms=["ES256"],
            issuer=GATEWAY,
            audience=GATEWAY,
            options={"require": ["exp", "iat", "sub"]},
            leeway=5,
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None


Person = Annotated[dict[str, Any], Depends(person)]

# Every route asks who it is; the pages about the API would not, so there are none.
app = FastAPI(dependencies=[Depends(person)], openapi_url=None)


@app.get("/")
def hello(person: Person) -> dict[str, str]:
    """Greet the person."""
    return {"hello": person.get("name", "stranger"), "user": person["sub"]}
