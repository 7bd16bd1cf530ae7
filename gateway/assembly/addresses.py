"""Putting together what answers the addresses of our own."""

import secrets

from config.settings import Settings
from gateway.account import Accounts
from gateway.addresses import Addresses
from gateway.assembly.parts import Common
from gateway.authentication.callback import Callback
from gateway.authentication.sign_in import SignIn
from gateway.authentication.sign_out import SignOut
from gateway.authentication.used_attempts import UsedAttempts
from gateway.choosing import Choosing
from gateway.coming_and_going import ComingAndGoing
from gateway.limiting import Limiting
from gateway.routing.table import RouteTable
from gateway.sessions.aiohttp_storage import SessionStorage
from gateway.telling import Telling
from gateway.visit import host_of


def addresses_of(
    settings: Settings,
    routes: RouteTable,
    telling: Telling,
    common: Common,
    limiting: Limiting,
) -> Addresses:
    """Return them as *settings* ask for, with what they share in *common*."""
    cookies = common.cookies
    entitlements = common.renewal.revalidation.entitlements
    return Addresses(
        people=_people(routes, common),
        sign_in_limit=limiting.sign_ins,
        callback=Callback(
            provider=common.provider,
            attempts=cookies.attempts,
            used=UsedAttempts(common.revocation.sharing),
            arrival=cookies.arrival,
            tasks=common.tasks,
            metrics=common.metrics,
            entitlements=entitlements,
            random_text=secrets.token_urlsafe,
            strict=settings.session.same_site == "strict",
            revocations=common.revocation.revocations,
        ),
        renewal=common.renewal,
        told_by_logto=common.revocation.told_by_logto(
            settings.logto, common.http, common.now
        ),
        storage=SessionStorage(cookies.sessions, host_of=host_of, now=common.now),
        sharing=common.revocation.sharing,
        arrival=cookies.arrival,
        accounts=Accounts(
            telling.headers,
            settings.session.idle_timeout,
            settings.session.max_age,
            entitlements.needs.chooses,
            telling.header if telling.assertions else b"",
            telling.token_names,
            cookies.own,
        ),
        choosing=Choosing(common.renewal.revalidation, entitlements.needs.chooses),
        key_set=telling.key_set if telling.jwks else None,
    )


def _people(routes: RouteTable, common: Common) -> ComingAndGoing:
    cookies = common.cookies
    return ComingAndGoing(
        sign_in=SignIn(
            provider=common.provider,
            attempts=cookies.attempts,
            arrival=cookies.arrival,
            metrics=common.metrics,
            random_text=secrets.token_urlsafe,
        ),
        sign_out=SignOut(
            provider=common.provider,
            attempts=cookies.attempts,
            arrival=cookies.arrival,
            tasks=common.tasks,
            revalidation=common.renewal.revalidation,
            metrics=common.metrics,
        ),
        revoking=common.revocation.revoking,
        own=cookies.own,
        hosts=frozenset(host for host in routes.hosts if not host.startswith("*")),
    )
