from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st

from gateway.identity.claims import ClaimsInvalid, identity_from_claims
from gateway.identity.identity import Identity

Claims = Mapping[str, object]

# As a real Logto answers for somebody who came through X.
ID_TOKEN: Claims = {
    "sub": "87xtcn7tlv7b",
    "name": "Test Person",
    "picture": None,
    "updated_at": 1795359847466,
    "username": None,
    "email": None,
    "email_verified": False,
}
X: Claims = {
    "userId": "2244994945",
    "details": {
        "id": "2244994945",
        "name": "Test Person",
        "rawData": {
            "data": {
                "id": "2244994945",
                "name": "Test Person",
                "username": "test_x",
            }
        },
    },
}
USERINFO: Claims = {**ID_TOKEN, "custom_data": {}, "identities": {"x": X}}
PERSON = Identity(
    sub="87xtcn7tlv7b",
    username=None,
    x_username="test_x",
    x_id="2244994945",
    name="Test Person",
    email=None,
    email_verified=False,
    picture=None,
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    *("sub", "username", "name", "email", "email_verified", "picture", "roles"),
    *("identities", "custom_data"),
]


def identity(
    id_token: Claims | None = None,
    userinfo: Claims | None = None,
    wanted: tuple[str, ...] = (),
) -> Identity:
    return identity_from_claims(
        {"sub": "1", **(id_token or {})}, {"sub": "1", **(userinfo or {})}, wanted
    )


def test_a_person_of_x() -> None:
    assert identity_from_claims(ID_TOKEN, USERINFO, ()) == PERSON


def test_the_id_token_may_hold_everything() -> None:
    assert identity_from_claims(USERINFO, {}, ()) == PERSON


@pytest.mark.parametrize(
    ("id_token", "userinfo"),
    [
        pytest.param({}, {"sub": "1"}, id="absent"),
        pytest.param({"sub": None}, {}, id="null"),
        pytest.param({"sub": ""}, {"sub": ""}, id="empty"),
        pytest.param({"sub": 1}, {"sub": 1}, id="number"),
        pytest.param({"sub": ["1"]}, {"sub": ["1"]}, id="list"),
        pytest.param({"sub": "a b"}, {}, id="space"),
        pytest.param({"sub": "a\x00"}, {}, id="nul"),
        pytest.param({"sub": "a\n"}, {}, id="newline-at-the-end"),
        pytest.param({"sub": "é"}, {}, id="not-ascii"),
        pytest.param({"sub": "a" * 256}, {}, id="too-long"),
        pytest.param({"sub": "1"}, {"sub": "2"}, id="another-in-userinfo"),
        pytest.param({"sub": "1"}, {"name": "A"}, id="absent-in-userinfo"),
        pytest.param({"sub": "1"}, {"sub": None}, id="null-in-userinfo"),
        pytest.param({"sub": "1"}, {"sub": 1}, id="another-type-in-userinfo"),
        pytest.param({"sub": "a"}, {"sub": "A"}, id="another-case-in-userinfo"),
    ],
)
def test_without_one_subject_there_is_nobody(
    id_token: Claims, userinfo: Claims
) -> None:
    with pytest.raises(ClaimsInvalid):
        identity_from_claims(id_token, userinfo, ())


@pytest.mark.parametrize("value", [1, True, [], ["a"], {}, {"a": "b"}, "", "a" * 2000])
@pytest.mark.parametrize("claim", ["username", "email", "picture"])
def test_what_is_no_text_is_absent(claim: str, value: object) -> None:
    assert getattr(identity({claim: value}), claim) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a\x00b", id="nul"),
        pytest.param("a\r\nSet-Cookie: b", id="attack-34-line-break"),
        pytest.param("a\ud800", id="lone-surrogate"),
        pytest.param("a\u202eb", id="text-direction"),
        pytest.param("a\u2028b", id="line-separator"),
    ],
)
@pytest.mark.parametrize("claim", ["username", "email", "picture"])
def test_an_attribute_with_odd_signs_is_absent(claim: str, value: str) -> None:
    assert getattr(identity({claim: value}), claim) is None


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        pytest.param("Ada", "Ada", id="plain"),
        pytest.param("Ada\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", None, id="emoji"),
        pytest.param(" Ada\r\n\x00 L. ", "Ada L.", id="attack-34-controls-removed"),
        pytest.param("Ada\u202e\ud800", "Ada", id="direction-and-surrogate-removed"),
        pytest.param("é" * 300, "é" * 256, id="cut"),
        pytest.param("a" * 1_000_000, "a" * 256, id="a-megabyte-is-cut"),
    ],
)
def test_a_display_name_is_made_to_fit(claim: str, name: str | None) -> None:
    assert identity({"name": claim}).name == (claim if name is None else name)


@pytest.mark.parametrize("claim", ["", " ", "\x00\n", None, 1, ["Ada"], {"a": 1}])
def test_what_shows_nothing_is_no_name(claim: object) -> None:
    assert identity({"name": claim}).name is None


@pytest.mark.parametrize(
    ("id_token", "userinfo", "email", "verified"),
    [
        pytest.param(
            {"email": "a@b.c", "email_verified": True}, {}, "a@b.c", True, id="both"
        ),
        pytest.param({"email": "a@b.c"}, {}, "a@b.c", False, id="mark-absent"),
        pytest.param(
            {"email": "a@b.c", "email_verified": "true"},
            {},
            "a@b.c",
            False,
            id="attack-16-mark-is-a-text",
        ),
        pytest.param(
            {"email": "a@b.c", "email_verified": 1},
            {},
            "a@b.c",
            False,
            id="attack-16-mark-is-a-number",
        ),
        pytest.param(
            {"email": "new@b.c", "email_verified": False},
            {"email": "old@b.c", "email_verified": True},
            "new@b.c",
            False,
            id="attack-16-never-of-two-sides",
        ),
        pytest.param(
            {"email": None, "email_verified": False},
            {"email": "a@b.c", "email_verified": True},
            "a@b.c",
            True,
            id="of-userinfo-when-null-in-the-id-token",
        ),
        pytest.param(
            {"email_verified": True},
            {"email": "a@b.c"},
            "a@b.c",
            False,
            id="attack-16-mark-of-the-other-side",
        ),
    ],
)
def test_an_email_is_verified_by_the_side_it_comes_from(
    id_token: Claims, userinfo: Claims, email: str, *, verified: bool
) -> None:
    found = identity(id_token, userinfo)
    assert (found.email, found.email_verified) == (email, verified)
    assert found.verified_email == (email if verified else None)


@pytest.mark.parametrize(
    "identities",
    [
        *(None, [], "x", 1, {}, {"x": None}, {"x": []}, {"x": {}}),
        {"github": X},
        {"x": {"userId": 2244994945, "details": {}}},
        {"x": {"userId": "a", "details": {"rawData": []}}},
        {"x": {"userId": "", "details": {"rawData": {"data": {"username": ""}}}}},
        {"x": {"details": {"rawData": {"data": {"username": "a b"}}}}},
        {"x": {"details": {"rawData": {"data": {"username": "\N{KELVIN SIGN}"}}}}},
        {"x": {"details": {"rawData": {"data": {"username": ["test_x"]}}}}},
        {"x": {"details": {"username": "test_x"}}},
    ],
    ids=repr,
)
def test_only_an_x_account_is_an_x_account(identities: object) -> None:
    claims = {"username": "test_x", "identities": identities}
    found = identity(claims, claims)
    assert (found.x_id, found.x_username) == (None, None)
    assert found.username == "test_x"


def test_the_x_account_comes_from_one_side() -> None:
    half: Claims = {"identities": {"x": {"userId": "1"}}}
    found = identity(half, {"identities": {"x": X}})
    assert (found.x_id, found.x_username) == ("1", None)


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        pytest.param(["admin", "user"], ("admin", "user"), id="list"),
        pytest.param("admin", (), id="attack-09-text"),
        pytest.param({"admin": True}, (), id="attack-09-table"),
        pytest.param(["a", 1, None, "", ["b"], "c\n", "d"], ("a", "d"), id="mixed"),
        pytest.param(["a"] * 1000, ("a",) * 100, id="too-many"),
        pytest.param(["a" * 129], (), id="too-long"),
    ],
)
def test_roles_are_a_list_of_texts(claim: object, roles: tuple[str, ...]) -> None:
    assert identity({"roles": claim}).roles == roles


@pytest.mark.parametrize(
    ("claim", "organizations"),
    [
        pytest.param(["acme", "b-2_C"], ("acme", "b-2_C"), id="list"),
        pytest.param("acme", (), id="attack-09-text"),
        pytest.param({"acme": {}}, (), id="attack-09-table"),
        pytest.param(["acme:admin", "a b", "\u00e4", "", None, "a"], ("a",), id="odd"),
        pytest.param(["a" * 65, "a" * 64], ("a" * 64,), id="too-long"),
        pytest.param(["a"] * 1000, ("a",) * 100, id="too-many"),
    ],
)
def test_organizations_are_a_list_of_ids(
    claim: object, organizations: tuple[str, ...]
) -> None:
    found = identity({"organizations": claim})
    assert found.organizations == organizations
    assert found.organization is None


def test_a_claim_chooses_no_organization_and_gives_no_scopes() -> None:
    claims: Claims = {"organization": "acme", "scopes": ["a"], "scope": "a"}
    found = identity({**claims, "organizations": ["acme"]}, claims)
    assert (found.organization, found.scopes) == (None, ())


@pytest.mark.parametrize(
    ("claim", "names"),
    [
        pytest.param(
            [{"id": "acme", "name": "Acme\u202e, Inc."}, {"id": "b", "name": "B"}],
            (("acme", "Acme, Inc."), ("b", "B")),
            id="list",
        ),
        pytest.param({"id": "acme", "name": "Acme"}, (), id="table"),
        pytest.param(
            [None, "acme", [], {"id": 1, "name": "x"}, {"id": "a"}, {"name": "b"}],
            (),
            id="odd",
        ),
        pytest.param([{"id": "a", "name": "n"}] * 101, (("a", "n"),) * 100, id="many"),
    ],
)
def test_organizations_have_names_to_show(
    claim: object, names: tuple[tuple[str, str], ...]
) -> None:
    assert identity({"organization_data": claim}).organization_names == names


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param("gold", "gold", id="text"),
        pytest.param(7, "7", id="number"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(["a", "b"], ("a", "b"), id="list"),
        pytest.param(None, None, id="null"),
        pytest.param({"a": "b"}, None, id="table"),
        pytest.param([], None, id="empty-list"),
        pytest.param(1.5, None, id="fraction"),
        pytest.param(10**5000, None, id="huge-number"),
        pytest.param("a" * 5000, None, id="huge-text"),
        pytest.param("a\nb", None, id="line-break"),
    ],
)
def test_a_dotted_path_is_looked_up(
    value: object, told: str | tuple[str, ...] | None
) -> None:
    found = identity({}, {"custom_data": {"plan": value}}, ("custom_data.plan", "sub"))
    assert found.claims == (() if told is None else (("custom_data.plan", told),))


@pytest.mark.parametrize("path", ["custom_data.plan.name", "custom_data.x", "no.where"])
def test_a_dotted_path_may_lead_nowhere(path: str) -> None:
    assert identity({}, {"custom_data": {"plan": "gold"}}, (path,)).claims == ()


@given(
    st.dictionaries(st.sampled_from(NAMES), anything),
    st.dictionaries(st.sampled_from(NAMES), anything),
)
def test_attack_09_hostile_claims_are_typed_out_or_refused(
    id_token: dict[str, object], userinfo: dict[str, object]
) -> None:
    try:
        found = identity_from_claims(id_token, userinfo, ("custom_data.plan", "a.b"))
    except ClaimsInvalid:
        return
    texts = (found.username, found.x_username, found.name, found.email, found.picture)
    assert all(text is None or isinstance(text, str) for text in texts)
    assert isinstance(found.email_verified, bool)
    hash(found)


@given(st.dictionaries(st.sampled_from(NAMES[1:]), anything))
def test_only_the_subject_is_needed(claims: dict[str, object]) -> None:
    assert identity_from_claims({**claims, "sub": "1"}, {}, ()).sub == "1"
