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
}
_KEYS: Final = frozenset({"s", "v", "r", "c", *_TEXTS})


def to_record(identity: Identity) -> Record:
    """Return *identity* as values that ``json.dumps`` takes."""
    record: Record = {"s": identity.sub}
    for key, attribute in _TEXTS.items():
        if (text := getattr(identity, attribute)) is not None:
            record[key] = text
    if identity.email_verified:
        record["v"] = True
    if identity.roles:
        record["r"] = list(identity.roles)
    if identity.claims:
        record["c"] = {
            path: value if isinstance(value, str) else list(value)
            for path, value in identity.claims
        }
    return record


def from_record(record: object) -> Identity:
    """Return the identity that :func:`to_record` made *record* of.

    Raises ValueError for anything else: it was sealed by another version, or forged.
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
        **{
            attribute: _text(record[key]) if key in record else None
            for key, attribute in _TEXTS.items()
        },
        email_verified="v" in record,
        roles=_texts(record.get("r", [])),
        claims=_claims(record.get("c", {})),
    )


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
