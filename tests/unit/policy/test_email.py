import pytest
from hypothesis import given, strategies as st

from gateway.policy.email import Email, parse_email


@pytest.mark.parametrize(
    ("text", "address", "domain"),
    [
        ("ada@example.com", "ada@example.com", "example.com"),
        ("Ada.L+x@Mail.Example.COM", "ada.l+x@mail.example.com", "mail.example.com"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a@localhost", "a@localhost", "localhost"),
    ],
)
def test_a_plain_address(text: str, address: str, domain: str) -> None:
    assert parse_email(text) == Email(address, domain)


# Attack 16: whatever two programs may split differently.
ODD = {
    "empty": "",
    "no-at": "good.com",
    "no-local-part": "@good.com",
    "no-domain": "a@",
    "two-ats": "a@evil@good.com",
    "quoted": '"a@good.com"@evil',
    "quoted-local-part": '"a"@good.com',
    "full-width-at": "a\N{FULLWIDTH COMMERCIAL AT}good.com",
    "full-width-at-and-at": "a\N{FULLWIDTH COMMERCIAL AT}evil@good.com",
    "small-at": "a\N{SMALL COMMERCIAL AT}good.com",
    "trailing-dot": "a@good.com.",
    "leading-dot": "a@.good.com",
    "two-dots": "a@good..com",
    "dot-before-at": "a.@good.com",
    "nul": "a@good.com\x00",
    "nul-inside": "a@evil.com\x00@good.com",
    "nul-and-domain": "a@evil.com\x00.good.com",
    "newline": "a@good.com\n",
    "space-before": " a@good.com",
    "space-after": "a@good.com ",
    "space-inside": "a b@good.com",
    "tab": "a\t@good.com",
    "no-break-space": "a@good.com\u00a0",
    "comment": "a@good.com(evil.com)",
    "display-name": "A <a@good.com>",
    "list": "a@good.com,b@evil.com",
    "route": "@evil.com:a@good.com",
    "percent-hack": "a%evil.com@",
    "literal": "a@[127.0.0.1]",
    "kelvin-sign": "a@\N{KELVIN SIGN}.com",
    "dotless-i": "a@g\N{LATIN SMALL LETTER DOTLESS I}.com",
    "ideographic-dot": "a@good\N{IDEOGRAPHIC FULL STOP}com",
    "other-alphabet": "\u0430@good.com",
    "zero-width": "a@go\u200bod.com",
    "underscore-domain": "a@go_od.com",
    "hyphen-at-the-end": "a@good-.com",
    "wildcard": "a@*",
    "escaped": "a@good%2ecom",
    "huge": "a" * 300 + "@good.com",
    "surrogate": "a\ud800@good.com",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_attack_16_odd_addresses_are_none(text: str) -> None:
    assert parse_email(text) is None


@given(st.text('aA@."\\ <>,;:\x00\n\uff20', max_size=30))
def test_attack_16_an_address_has_one_at_and_one_domain(text: str) -> None:
    email = parse_email(text)
    if email is not None:
        assert text.count("@") == 1
        assert email.domain == text.lower().partition("@")[2]
