import copy
from dataclasses import replace

import pytest

from config.routes import Route
from gateway.identity.identity import Identity
from gateway.policy.access import (
    MOST_PERMITS,
    Choose,
    Decision,
    Forbid,
    Permit,
    SignIn,
    decide,
    permit_preflight,
    settled,
)

ADA = Identity(
    sub="u1",
    username=None,
    x_username="ada",
    x_id="42",
    name=None,
    email=None,
    email_verified=False,
    picture=None,
)


def route(access: str, allow: object = "anyone") -> Route:
    return Route.model_validate(
        {"upstream": "http://127.0.0.1:1", "access": access, "allow": allow}
    )


NOT_ADA = {"x_ids": ["1"]}


def told(decision: Decision) -> Identity | None:
    assert isinstance(decision, Permit)
    return decision.identity


@pytest.mark.parametrize("allow", [None, "anyone", NOT_ADA, []], ids=repr)
@pytest.mark.parametrize("identity", [None, ADA], ids=["nobody", "ada"])
def test_a_public_route_is_for_everybody_and_learns_nobody(
    allow: object, identity: Identity | None
) -> None:
    assert told(decide(route("public", allow), identity)) is None


@pytest.mark.parametrize("allow", [None, "anyone", NOT_ADA, []], ids=repr)
def test_an_optional_route_is_for_everybody(allow: object) -> None:
    assert told(decide(route("optional", allow), None)) is None


@pytest.mark.parametrize("allow", [None, "anyone", {"x_ids": ["42"]}], ids=repr)
def test_an_optional_route_learns_who_it_is(allow: object) -> None:
    assert told(decide(route("optional", allow), ADA)) == ADA


@pytest.mark.parametrize("allow", [NOT_ADA, []], ids=repr)
def test_who_is_not_allowed_is_nobody_on_an_optional_route(allow: object) -> None:
    assert told(decide(route("optional", allow), ADA)) is None


def test_a_signed_in_route_asks_nobody_to_sign_in() -> None:
    assert decide(route("signed-in"), None) == SignIn()


@pytest.mark.parametrize("allow", ["anyone", {"x_ids": ["42"]}], ids=repr)
def test_a_signed_in_route_permits_who_is_allowed(allow: object) -> None:
    decision = decide(published := route("signed-in", allow), ADA)
    assert isinstance(decision, Permit)
    assert decision.route is published
    assert decision.identity == ADA


@pytest.mark.parametrize("allow", [NOT_ADA, [], None], ids=repr)
def test_a_signed_in_route_forbids_everyone_else(allow: object) -> None:
    decision = decide(route("signed-in", allow), ADA)
    assert isinstance(decision, Forbid)
    assert "allow" in decision.reason


ACME, UMBRELLA = {"organizations": ["acme"]}, {"organizations": ["umbrella"]}
OF_BOTH = replace(ADA, organizations=("acme", "umbrella"))


@pytest.mark.parametrize(
    ("allow", "who", "decision"),
    [
        pytest.param(ACME, OF_BOTH, Choose, id="not-chosen-yet"),
        pytest.param(
            {"organization_roles": ["acme:admin"]}, OF_BOTH, Choose, id="a-role-there"
        ),
        pytest.param(
            [{"x_ids": ["1"]}, ACME], OF_BOTH, Choose, id="one-way-of-several"
        ),
        pytest.param([ACME, {"x_ids": ["42"]}], OF_BOTH, Permit, id="another-way-in"),
        pytest.param("anyone", OF_BOTH, Permit, id="nothing-about-organizations"),
        pytest.param({"x_ids": ["1"]}, OF_BOTH, Forbid, id="it-would-not-help"),
        pytest.param(ACME, ADA, Forbid, id="of-none"),
        pytest.param(
            UMBRELLA, replace(OF_BOTH, organization="acme"), Forbid, id="chose-another"
        ),
        pytest.param(
            ACME, replace(OF_BOTH, organization="acme"), Permit, id="chose-that-one"
        ),
        pytest.param(
            ACME, replace(OF_BOTH, organization="other"), Choose, id="not-theirs-now"
        ),
    ],
)
def test_who_could_act_for_an_organization_is_asked_which(
    allow: object, who: Identity, decision: type[Decision]
) -> None:
    assert type(decide(route("signed-in", allow), who)) is decision


def test_where_there_is_no_choice_nobody_is_asked() -> None:
    asked = decide(route("signed-in", ACME), OF_BOTH)
    assert isinstance(asked, Choose)
    assert settled(asked) == Forbid(asked.reason)
    for other in (SignIn(), Forbid("no"), decide(route("public"), None)):
        assert settled(other) is other


@pytest.mark.parametrize("access", ["public", "optional", "signed-in"])
@pytest.mark.parametrize("garbage", [False, "", "ada", {}, {"sub": "u1"}, 1], ids=repr)
def test_attack_09_a_garbage_identity_is_an_error(access: str, garbage: object) -> None:
    with pytest.raises(TypeError):
        decide(route(access), garbage)  # type: ignore[arg-type]  # hostile


@pytest.mark.parametrize("access", ["", "Public", "signed_in", None, True], ids=repr)
def test_attack_09_an_unknown_access_is_an_error(access: object) -> None:
    odd = route("public").model_copy(update={"access": access})
    with pytest.raises(AssertionError):
        decide(odd, ADA)


def test_a_permit_cannot_be_made_elsewhere() -> None:
    with pytest.raises(TypeError):
        Permit(route("public"), ADA)  # type: ignore[call-arg]
    for key in (None, True, object()):
        with pytest.raises(TypeError):
            Permit(route("public"), ADA, key=key)


def test_a_permit_cannot_be_changed_to_another_route_or_person() -> None:
    decision = decide(route("public"), None)
    assert isinstance(decision, Permit)
    with pytest.raises((TypeError, ValueError)):
        replace(decision, identity=ADA)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        decision.identity = ADA  # type: ignore[misc]
    assert copy.copy(decision) == decision


def test_a_permit_that_is_remembered_is_for_its_route_and_person_alone() -> None:
    routes = [route("signed-in"), route("signed-in", {"x_ids": ["7"]})]
    for number in range(3 * MOST_PERMITS):  # objects come and go, and their ids too
        person = replace(ADA, sub=f"u{number}", x_id=str(number % 9))
        for published in routes:
            for _ in range(2):
                decision = decide(published, person)
                if published is routes[1] and person.x_id != "7":
                    assert isinstance(decision, Forbid)
                else:
                    assert isinstance(decision, Permit)
                    assert decision.route is published
                    assert decision.identity is person


@pytest.mark.parametrize("access", ["public", "optional"])
def test_nobody_is_told_of_a_person_that_an_open_route_does_not_let_in(
    access: str,
) -> None:
    published = route(access, {"x_ids": ["42"]})
    stranger = replace(ADA, x_id="7")
    for person in (ADA, stranger, None) * 3:  # what is remembered of one is no other's
        decision = decide(published, person)
        assert isinstance(decision, Permit)
        assert decision.route is published
        known = person if person is ADA and access == "optional" else None
        assert decision.identity is known


def test_leave_for_a_preflight_lets_nobody_else_in() -> None:
    cors = {"origins": ["https://a.example"], "preflights": "upstream"}
    published = Route.model_validate(
        {"upstream": "http://127.0.0.1:1", "allow": "anyone", "cors": cors}
    )
    fields = (
        (b"Origin", b"https://a.example"),
        (b"Access-Control-Request-Method", b"GET"),
    )
    assert permit_preflight(published, "OPTIONS", fields) is not None
    assert decide(published, None) == SignIn()
