"""The first ``gateway.toml`` of an operator: their answers, written as TOML."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from config.loader import load_text
from config.problem import ConfigurationError
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Answers:
    """What an operator says; the defaults stand for what is not asked yet.

    The secret stands in the file, or in another one at *app_secret_file*. *x_ids* are
    the X accounts to let in, None is anyone.
    """

    key: str = field(repr=False)
    public_url: str = "http://127.0.0.1:8080"
    listen: str = "127.0.0.1:8080"
    trusted_proxies: tuple[str, ...] = ()
    endpoint: str = "https://tenant.logto.app"
    app_id: str = "app"
    app_secret: str = field(default="secret", repr=False)
    app_secret_file: str = ""
    upstream: str = "http://127.0.0.1:3000"
    x_ids: tuple[str, ...] | None = ()


def file_text(answers: Answers) -> str:
    """Return the file that says what *answers* say."""
    return "\n".join(_lines(answers)) + "\n"


def settings_of(answers: Answers) -> Settings:
    """Return the settings that *answers* make. Raises ConfigurationError."""
    return load_text(file_text(answers))


def wrong_with(answers: Answers) -> str:
    """Return what is wrong with *answers*, in sentences; "" where nothing is."""
    try:
        settings_of(answers)
    except ConfigurationError as error:
        return "; ".join(problem.sentence for problem in error.problems)
    return ""


def _lines(answers: Answers) -> Iterator[str]:
    yield "# gateway.example.toml names every other key, with its default."
    yield "# `gateway check --online` says whether all of this works."
    yield "[server]"
    yield f"listen = {_string(answers.listen)}"
    yield f"public_url = {_string(answers.public_url)}"
    if answers.trusted_proxies:
        yield f"trusted_proxies = {_list(answers.trusted_proxies)}"
    yield "\n[logto]"
    yield f"endpoint = {_string(answers.endpoint)}"
    yield f"app_id = {_string(answers.app_id)}"
    if answers.app_secret_file:
        yield f"app_secret_file = {_string(answers.app_secret_file)}"
    else:
        yield f"app_secret = {_string(answers.app_secret)}"
    yield f"\n[session]\nkeys = {_list((answers.key,))}"
    yield f"\n[[routes]]\nupstream = {_string(answers.upstream)}"
    yield from _allow(answers)


def _allow(answers: Answers) -> Iterator[str]:
    if answers.x_ids is None:
        yield 'allow = "anyone"  # every X account of the world'
        return
    yield "# Numbers of X accounts, not handles: handles change owners. Whoever signs"
    yield f"# in sees their own at {answers.public_url}/.gateway/, let in or not."
    yield f"allow = {{ x_ids = {_list(answers.x_ids)} }}"


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_string, texts))}]"


def _string(text: str) -> str:
    """Return *text* as a basic string of TOML; JSON escapes all but one sign of it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
