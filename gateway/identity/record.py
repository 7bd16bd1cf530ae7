"""An identity as JSON, in short: it travels in every request's cookie."""

from typing import Final

from gateway.identity.identity import Identity

Record = dict[str, object]

# One letter each, since a cookie has little room. What is absent is left out.
_TEXTS: Final = {
    "u": "username",
    "h": "x_username",
    "i": "x_id",
    "n": "name",
    "e": "email",
    "p": "picture",
    "g": "organization",
}
_LISTS: Final = {
    "r": "roles",
    "a": "scopes",
    "o": "organizations",
    "t": "organization_roles",
}
_KEYS: Final = frozenset({"s", "v", "c", "d", *_TEXTS, *_LISTS})


def to_record(identity: Identity) -> Record:
    """Return *identity* as values that ``json.dumps`` takes."""
    texts = {key: getattr(identity, name) for key, name in _TEXTS.items()}
    lists = {key: list(getattr(identity, name)) for key, name in _LISTS.items()}
    record: Record = {
        "s": identity.sub,
        **{key: text for key, text in texts.items() if text is not None},
        **{key: items for key, items in lists.items() if items},
    }
    if identity.email_verified:
        record["v"] = True
    if identity.claims:
        record["c"] = {path: _plain(value) for path, value in identity.claims}
    if identity.organization_names:
        record["d"] = dict(identity.organization_names)
    return record


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def from_record(record: object) -> Identity:
    """Return the identity that :func:`to_record` made *record* of.

    Raises ValueError for anything else: it was sealed by another version, or forged.
    What was sealed before there was more to know has less in it, and opens.
    """
    if not isinstance(record, dict) or not record.keys() <= _KEYS:
        raise ValueError("not the record of an identity")
    sub = _text(record.get("s"))
    if not sub:
        raise ValueError("the record of an identity without a subject")
    if record.get("v", True) is not True:
        raise ValueError("not a mark of a verified e-mail address")
    return Identity(
        sub=sub,
        username=_maybe(record, "u"),
        x_username=_maybe(record, "h"),
        x_id=_maybe(record, "i"),
        name=_maybe(record, "n"),
        email=_maybe(record, "e"),
        email_verified="v" in record,
        picture=_maybe(record, "p"),
        roles=_texts(record.get("r", [])),
        claims=_claims(record.get("c", {})),
        scopes=_texts(record.get("a", [])),
        organizations=_texts(record.get("o", [])),
        organization_roles=_texts(record.get("t", [])),
        organization=_maybe(record, "g"),
        organization_names=_names(record.get("d", {})),
    )


def _maybe(record: Record, key: str) -> str | None:
    return _text(record[key]) if key in record else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text in the record of an identity")  # noqa: TRY004
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("not a list in the record of an identity")  # noqa: TRY004
    return tuple(map(_text, value))


def _claims(value: object) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError("not claims in the record of an identity")  # noqa: TRY004
    return tuple(
        (_text(path), claim if isinstance(claim, str) else _texts(claim))
        for path, claim in value.items()
    )


def _names(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError("not names in the record of an identity")  # noqa: TRY004
    return tuple((_text(one), _text(name)) for one, name in value.items())
