"""What `gateway init` writes can be read, and says what was answered."""

import tomllib

from hypothesis import given, strategies

from config.allow import AnyOf, Anyone, Condition
from gateway.init_file import Answers, file_text, settings_of, wrong_with
from tests.support.configuration import KEY

TEXTS = strategies.text(strategies.characters(blacklist_categories=["Cs"]), max_size=30)


def test_the_defaults_make_a_file_that_lets_nobody_in() -> None:
    settings = settings_of(Answers(key=KEY))
    (route,) = settings.routes
    assert route.allow == AnyOf((Condition(x_ids=frozenset()),))
    assert str(settings.server.public_url) == "http://127.0.0.1:8080"


def test_everything_that_was_answered_is_there() -> None:
    answers = Answers(
        key=KEY,
        public_url="https://app.example.com",
        listen="0.0.0.0:9000",
        trusted_proxies=("10.0.0.0/8", "unix"),
        endpoint="https://id.example.com",
        app_id="abc",
        app_secret='a"b\\c',
        upstream="unix:/run/app.sock",
        x_ids=("1", "2"),
    )
    settings = settings_of(answers)
    (route,) = settings.routes
    assert str(settings.server.public_url) == "https://app.example.com"
    assert len(settings.server.peers) == 2
    assert settings.logto.endpoint == "https://id.example.com"
    assert settings.logto.app_secret.get_secret_value() == 'a"b\\c'
    assert str(route.upstream) == "unix:/run/app.sock"
    assert route.allow == AnyOf((Condition(x_ids=frozenset({"1", "2"})),))


def test_anyone_is_written_down_as_such() -> None:
    (route,) = settings_of(Answers(key=KEY, x_ids=None)).routes
    assert route.allow == Anyone()


@given(secret=TEXTS, app_id=TEXTS, upstream=TEXTS)
def test_no_answer_can_write_a_line_of_its_own(
    secret: str, app_id: str, upstream: str
) -> None:
    answers = Answers(key=KEY, app_secret=secret, app_id=app_id, upstream=upstream)
    told = tomllib.loads(file_text(answers))
    assert told["logto"]["app_secret"] == secret
    assert told["logto"]["app_id"] == app_id
    assert told["routes"] == [{"upstream": upstream, "allow": {"x_ids": []}}]


def test_what_is_wrong_is_said_without_a_value() -> None:
    assert wrong_with(Answers(key=KEY)) == ""
    sentence = wrong_with(Answers(key=KEY, app_secret="two words"))
    assert sentence == "expected visible ASCII characters only, without spaces"
