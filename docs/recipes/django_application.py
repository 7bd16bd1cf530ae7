"""A Django application whose users are the people that the gateway lets in.

    export PUBLIC_URL=https://app.example.com SECRET_KEY=...
    python django_application.py migrate
    python django_application.py runserver --noreload 3000

``RemoteUserMiddleware`` makes a user for each ``sub``, and signs it in and out. Who it
is comes from the verified assertion: ``REMOTE_USER`` is no header, so no client can
send it.
Needs Django, and PyJWT with cryptography.
"""

import os
import sys
from collections.abc import Callable

import jwt
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

GATEWAY = os.environ["PUBLIC_URL"]
# Asked every five minutes, and for a key that it does not know, twice a minute at most.
KEYS = jwt.PyJWKClient(f"{GATEWAY}/.gateway/jwks.json", timeout=5)

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["*"],  # the gateway answers for its own hosts only
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "people.sqlite3"}
    },
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.RemoteUserBackend"],
    MIDDLEWARE=[
        f"{__name__}.only_through_the_gateway",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.RemoteUserMiddleware",
    ],
    SESSION_COOKIE_SECURE=GATEWAY.startswith("https://"),
)

View = Callable[[HttpRequest], HttpResponse]


def only_through_the_gateway(view: View) -> View:
    """Answer 401 to whatever did not come through the gateway; say who it is."""

    def check(request: HttpRequest) -> HttpResponse:
        try:
            assertion = request.headers["X-Gateway-Assertion"]
            claims = jwt.decode(
                assertion,
                KEYS.get_signing_key_from_jwt(assertion),
                algorithms=["ES256"],
                issuer=GATEWAY,
                audience=GATEWAY,
                options={"require": ["exp", "iat", "sub"]},
                leeway=5,
            )
        except (KeyError, jwt.PyJWTError):
            return HttpResponse(status=401)
        request.META["REMOTE_USER"] = claims["sub"]
        request.META["gateway.name"] = claims.get("name", "stranger")
        return view(request)

    return check


def hello(request: HttpRequest) -> HttpResponse:
    """Greet the person."""
    name, user = request.META["gateway.name"], request.user.get_username()
    return JsonResponse({"hello": name, "user": user})


urlpatterns = [path("", hello)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
