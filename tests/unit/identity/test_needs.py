"""What is asked of Logto, and what of it is kept: what rules and headers use."""

from dataclasses import replace

import pytest

from config.loader import load_text
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity
from gateway.identity.needs import Needs, must_choose
from tests.support.configuration import written

ADA = Identity(
    sub="u1",
    username=None,
    x_username="ada",
    x_id="1",
    name=None,
    email=None,
    email_verified=False,
    picture=None,
    roles=("admin", "editor"),
    scopes=("read", "write"),
    organizations=("acme", "umbrella", "third"),
    organization_roles=("acme:admin", "acme:member", "umbrella:member"),
    organization_names=(("acme", "Acme, Inc."), ("umbrella", "U" * 60), ("third", "3")),
)
NONE = '"none"'
ACME, EITHER = (
    '{ organizations = ["acme"] }',
    '{ organizations = ["acme", "umbrella"] }',
)


def needs(allow: str, preset: str = NONE, headers: str = "{}", **logto: str) -> Needs:
    settings = load_text(
        written(
            routes={"allow": allow},
            identity={"preset": preset, "headers": headers},
            logto=logto,
        )
    )
    return Needs.of(settings, IdentityHeaders(settings.identity, "social:x"))


@pytest.mark.parametrize(
    ("allow", "asked"),
    [
        pytest.param('"anyone"', (), id="nothing"),
        pytest.param('{ x_ids = ["1"] }', (), id="nothing-of-this-kind"),
        pytest.param('{ roles = ["a"] }', ("roles",), id="roles"),
        pytest.param('{ scopes = ["b", "a"] }', ("a", "b"), id="the-scopes-themselves"),
        pytest.param(ACME, ("urn:logto:scope:organizations",), id="organizations"),
        pytest.param(
            '[{ x_ids = ["1"] }, { organization_roles = ["acme:admin"] }]',
            (
                "urn:logto:scope:organizations",
                "urn:logto:scope:organization_roles",
            ),
            id="roles-in-organizations",
        ),
    ],
)
def test_rules_have_their_scopes_asked_for(allow: str, asked: tuple[str, ...]) -> None:
    assert needs(allow).logto_scopes == asked


@pytest.mark.parametrize(
    ("claim", "asked"),
    [
        ("roles", ("roles",)),
        ("organization", ("urn:logto:scope:organizations",)),
        ("organizations", ("urn:logto:scope:organizations",)),
        ("organization_roles", ("urn:logto:scope:organization_roles",)),
        ("scopes", ()),
    ],
)
def test_headers_have_their_scopes_asked_for(
    claim: str, asked: tuple[str, ...]
) -> None:
    assert needs('"anyone"', headers=f'{{ "X-A" = "{claim}" }}').logto_scopes == asked


def test_resources_are_asked_for_where_permissions_are_of_use() -> None:
    listed = '["https://api.example.com"]'
    assert needs('"anyone"', resources=listed).resources == ()
    with_rule = needs('{ scopes = ["read"] }', resources=listed)
    assert with_rule.resources == ("https://api.example.com",)


@pytest.mark.parametrize(
    ("allow", "headers", "kept"),
    [
        pytest.param('"anyone"', "{}", ((), (), (), ()), id="nothing"),
        pytest.param(
            '{ roles = ["editor", "x"] }',
            "{}",
            (("editor",), (), (), ()),
            id="a-role-that-a-rule-names",
        ),
        pytest.param(
            '{ scopes = ["read"] }', "{}", ((), ("read",), (), ()), id="a-scope"
        ),
        pytest.param(ACME, "{}", ((), (), ("acme",), ()), id="an-organization"),
        pytest.param(
            '{ organization_roles = ["acme:admin"] }',
            "{}",
            ((), (), ("acme",), ("acme:admin",)),
            id="a-role-there",
        ),
        pytest.param(
            '"anyone"',
            '{ "X-R" = "roles", "X-S" = "scopes", "X-O" = "organizations",'
            ' "X-T" = "organization_roles" }',
            (ADA.roles, ADA.scopes, ADA.organizations, ADA.organization_roles),
            id="all-that-headers-tell",
        ),
    ],
)
def test_what_is_of_no_use_is_not_kept(
    allow: str, headers: str, kept: tuple[tuple[str, ...], ...]
) -> None:
    who = needs(allow, headers=headers).kept(ADA, None)
    assert (who.roles, who.scopes, who.organizations, who.organization_roles) == kept


def test_the_preset_tells_all_roles() -> None:
    assert needs('"anyone"', '"forwarded"').kept(ADA, None).roles == ADA.roles


@pytest.mark.parametrize(
    ("allow", "theirs", "before", "expected"),
    [
        pytest.param(EITHER, ("acme",), None, "acme", id="of-one"),
        pytest.param(EITHER, ("acme", "third"), None, "acme", id="of-one-that-counts"),
        pytest.param(EITHER, ("acme", "umbrella"), None, None, id="of-two"),
        pytest.param(EITHER, ("acme", "umbrella"), "umbrella", "umbrella", id="chosen"),
        pytest.param(EITHER, ("acme",), "umbrella", None, id="member-no-more"),
        pytest.param(EITHER, (), "umbrella", None, id="of-none-any-more"),
        pytest.param(EITHER, ("third",), None, None, id="of-one-that-no-rule-names"),
        pytest.param('"anyone"', ("acme",), "acme", None, id="no-rule-about-them"),
    ],
)
def test_whom_people_act_for(
    allow: str, theirs: tuple[str, ...], before: str | None, expected: str | None
) -> None:
    who = needs(allow).kept(replace(ADA, organizations=theirs), before)
    assert who.organization == expected
    assert who.acts_for == expected


@pytest.mark.parametrize("before", [None, "acme", "umbrella"])
def test_a_fixed_organization_is_nobodys_choice(before: str | None) -> None:
    fixed = needs('"anyone"', organization='"umbrella"')
    assert not fixed.chooses
    who = fixed.kept(ADA, before)
    assert (who.organization, who.organizations) == ("umbrella", ("umbrella",))
    stranger = fixed.kept(replace(ADA, organizations=("acme",)), before)
    assert (stranger.organization, stranger.organizations) == (None, ())
    assert not must_choose(stranger)


def test_names_are_kept_in_short_where_there_is_a_choice() -> None:
    two = needs(EITHER)
    names = two.kept(ADA, None).organization_names
    assert names == (("acme", "Acme, Inc."), ("umbrella", "U" * 40))
    assert needs(ACME).kept(ADA, None).organization_names == (names[0],)
    fixed = needs(ACME, organization='"acme"')
    assert fixed.kept(ADA, None).organization_names == ()


def test_who_must_choose() -> None:
    undecided = needs(EITHER).kept(ADA, None)
    assert must_choose(undecided)
    assert not must_choose(replace(undecided, organization="acme"))
    assert must_choose(replace(undecided, organization="third"))
    assert not must_choose(replace(undecided, organizations=()))


@pytest.mark.parametrize(
    ("route", "asked"),
    [
        pytest.param({}, False, id="no-route-requires-it"),
        pytest.param({"require": '{ signed_in_within = "1h" }'}, True, id="one-does"),
    ],
)
def test_when_somebody_signed_in_is_asked_where_it_matters(
    route: dict[str, str], *, asked: bool
) -> None:
    settings = load_text(written(routes={"allow": '"anyone"', **route}))
    headers = IdentityHeaders(settings.identity, "social:x")
    assert Needs.of(settings, headers).sign_in_time is asked


def test_rules_for_programs_alone_ask_nothing_of_people() -> None:
    settings = load_text(
        written(
            logto={"resources": '["https://api.example.com"]'},
            identity={"preset": NONE},
            routes={
                "credentials": '["bearer"]',
                "allow": '{ scopes = ["read"], organizations = ["acme"] }',
            },
        )
    )
    assert Needs.of(settings, IdentityHeaders(settings.identity, "")) == Needs()
