import json

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.identity.record import from_record, to_record

texts = st.text(max_size=20)
maybe = st.none() | texts
identities = st.builds(
    Identity,
    sub=st.text(min_size=1, max_size=20),
    username=maybe,
    x_username=maybe,
    x_id=maybe,
    name=maybe,
    email=maybe,
    email_verified=st.booleans(),
    picture=maybe,
    roles=st.lists(texts, max_size=3).map(tuple),
    claims=st.dictionaries(
        texts, texts | st.lists(texts, max_size=3).map(tuple), max_size=3
    ).map(lambda claims: tuple(claims.items())),
    scopes=st.lists(texts, max_size=3).map(tuple),
    organizations=st.lists(texts, max_size=3).map(tuple),
    organization_roles=st.lists(texts, max_size=3).map(tuple),
    organization=maybe,
    organization_names=st.dictionaries(texts, texts, max_size=3).map(
        lambda names: tuple(names.items())
    ),
)


@given(identities)
def test_an_identity_survives_its_record(identity: Identity) -> None:
    assert from_record(json.loads(json.dumps(to_record(identity)))) == identity


def test_what_is_absent_takes_no_room() -> None:
    nobody = Identity("1", None, None, None, None, None, False, None)  # noqa: FBT003
    assert to_record(nobody) == {"s": "1"}


def test_what_an_earlier_version_sealed_still_opens() -> None:
    record = {"s": "1", "h": "ada", "n": "Ada", "v": True, "r": ["admin"], "c": {}}
    assert from_record(record) == Identity(
        "1",
        username=None,
        x_username="ada",
        x_id=None,
        name="Ada",
        email=None,
        email_verified=True,
        picture=None,
        roles=("admin",),
    )


@pytest.mark.parametrize(
    "record",
    [
        *(None, "", "s", 1, True, [], {}, [["s", "1"]]),
        {"s": ""},
        {"s": None},
        {"s": 1},
        {"s": ["1"]},
        {"u": "a"},
        {"s": "1", "x": "unknown"},
        {"s": "1", 1: "not a text"},
        {"s": "1", "u": None},
        {"s": "1", "n": 1},
        {"s": "1", "h": ["a"]},
        {"s": "1", "v": False},
        {"s": "1", "v": 1},
        {"s": "1", "v": "true"},
        {"s": "1", "r": "admin"},
        {"s": "1", "r": [1]},
        {"s": "1", "r": None},
        {"s": "1", "r": {"admin": True}},
        {"s": "1", "c": []},
        {"s": "1", "c": {"a": 1}},
        {"s": "1", "c": {"a": [None]}},
        {"s": "1", "c": {1: "a"}},
        {"s": "1", "a": "read"},
        {"s": "1", "a": [1]},
        {"s": "1", "o": "org"},
        {"s": "1", "o": None},
        {"s": "1", "t": {"org": "admin"}},
        {"s": "1", "g": None},
        {"s": "1", "g": ["org"]},
        {"s": "1", "d": [["org", "name"]]},
        {"s": "1", "d": {"org": 1}},
    ],
    ids=repr,
)
def test_attack_10_anything_else_is_refused(record: object) -> None:
    with pytest.raises(ValueError, match=r"identity|e-mail"):
        from_record(record)
