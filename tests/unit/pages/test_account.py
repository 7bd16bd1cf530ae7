import pytest

from gateway.identity.identity import Identity
from gateway.pages.account import Account
from gateway.pages.notice import Fact, Notice, Site
from gateway.pages.person import called

NOW = 1_795_366_800.0  # 22 November 2026, 17:00 UTC
SITE = Site("https://app.example.com", "app.example.com", "Sign in with X")


def someone(  # noqa: PLR0913 - one for each claim
    *,
    sub: str = "s1",
    name: str | None = None,
    x_username: str | None = None,
    username: str | None = None,
    email: str | None = None,
    email_verified: bool = False,
) -> Identity:
    return Identity(
        sub=sub,
        username=username,
        x_username=x_username,
        x_id=None,
        name=name,
        email=email,
        email_verified=email_verified,
        picture=None,
    )


def account(identity: Identity, *, began: float = NOW, ends: float = NOW) -> Notice:
    return Account(identity, began, ends, (), NOW).notice(SITE)


def facts(notice: Notice) -> dict[str, Fact]:
    return {fact.label: fact for fact in notice.facts}


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        pytest.param(someone(name="Ada", x_username="ada"), "Ada (@ada)", id="both"),
        pytest.param(someone(x_username="ada"), "@ada", id="handle"),
        pytest.param(someone(username="ada"), "ada", id="Logto's user name"),
        pytest.param(someone(name="Ada"), "Ada", id="name"),
        pytest.param(someone(email="a@b.example"), "a@b.example", id="e-mail"),
        pytest.param(someone(), "s1", id="subject"),
        pytest.param(someone(name=" \n"), "s1", id="a name of nothing"),
    ],
)
def test_a_person_is_called_by_what_is_known(identity: Identity, name: str) -> None:
    assert called(identity) == name


def test_the_assertion_is_named_and_said_to_be_a_signed_token() -> None:
    page = Account(someone(), NOW, NOW, (), NOW, assertion=b"X-Mine").notice(SITE)
    (section,) = page.sections
    assert section.note == "The gateway adds these headers to each of your requests."
    (fact,) = section.facts
    assert (fact.label, fact.value) == (
        "X-Mine",
        "Who you are, in a token that the gateway signs (not shown)",
    )


def test_what_is_not_known_is_not_listed() -> None:
    assert list(facts(account(someone()))) == ["Subject", "Signed in", "Session ends"]


@pytest.mark.parametrize(
    ("verified", "label"), [(True, "E-mail"), (False, "E-mail, not verified")]
)
def test_an_unverified_address_says_so(label: str, *, verified: bool) -> None:
    someone_known = someone(email="a@b.example", email_verified=verified)
    assert facts(account(someone_known))[label].value == "a@b.example"


@pytest.mark.parametrize(
    ("seconds", "ago", "ahead"),
    [
        pytest.param(0, "Just now", "Now", id="now"),
        pytest.param(-5, "Just now", "Now", id="the wrong side of now"),
        pytest.param(59, "Just now", "Now", id="seconds"),
        pytest.param(60, "1 minute ago", "In 1 minute", id="a minute"),
        pytest.param(3599, "59 minutes ago", "In 59 minutes", id="minutes"),
        pytest.param(3600, "1 hour ago", "In 1 hour", id="an hour"),
        pytest.param(86399, "23 hours ago", "In 23 hours", id="hours"),
        pytest.param(86400 * 7, "7 days ago", "In 7 days", id="days"),
    ],
)
def test_times_are_told_from_now(seconds: float, ago: str, ahead: str) -> None:
    told = facts(account(someone(), began=NOW - seconds, ends=NOW + seconds))
    assert told["Signed in"].value == ago
    assert told["Session ends"].value == ahead


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        pytest.param(NOW, "22 November 2026, 17:00 UTC", id="a day"),
        pytest.param(0, "1 January 1970, 00:00 UTC", id="the first"),
        pytest.param(-1e300, "1 January 1970, 00:00 UTC", id="before the first"),
        pytest.param(1e300, "31 December 9999, 23:59 UTC", id="after the last"),
    ],
)
def test_dates_are_told_in_utc(seconds: float, moment: str) -> None:
    assert facts(account(someone(), ends=seconds))["Session ends"].detail == moment


def test_headers_are_shown_as_they_are_sent() -> None:
    sent = ((b"Remote-User", b"s1"), (b"Remote-Name", b"Zo%C3%AB"), (b"X-None", b""))
    (section,) = Account(someone(), NOW, NOW, sent, NOW).notice(SITE).sections
    assert [(shown.label, shown.value) for shown in section.facts] == [
        ("Remote-User", "s1"),
        ("Remote-Name", "Zo%C3%AB"),
        ("X-None", "(empty)"),
    ]


def test_no_headers_are_said_to_be_none() -> None:
    (section,) = account(someone()).sections
    assert section.facts == ()
    assert section.note.startswith("Nothing")
