"""``gateway init``: asks for what only the operator knows, and writes the file.

The rules of :mod:`config` judge each answer, so that what is written can be read.
"""

import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from config.problem import ConfigurationError
from config.session import KEY_SIZE, new_key
from config.settings import Settings
from config.summary import to_register
from gateway.init_file import Answers, file_text, settings_of, wrong_with

FAILURE, BAD_USAGE = 1, 2  # exit codes
_ONLY_US = 0o600
_NUMBERS = """\
Who may enter? Name X accounts by their number, which stays; handles change owners.
Leave it empty to let nobody in yet: whoever signs in sees their number at
{}/.gateway/, let in or not."""

Given = dict[str, Any]


def init(path: str, given: Given, *, force: bool) -> None:
    """Write the file at *path*, asking for what is not *given*; exit where it cannot.

    An existing file is replaced only with *force*. What is *given* is named as in
    Answers.
    """
    if Path(path).exists() and not force:
        _refuse(f"{path} exists: give --force to replace it, or --config another name")
    try:
        answers = _ask(Answers(key=new_key(secrets.token_bytes(KEY_SIZE))), given)
        settings = settings_of(answers)
    except click.Abort:
        _refuse("no answer: nothing is written. `gateway init --help` names options")
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(f"{problem.key}: {problem.sentence}", err=True)
        _refuse("nothing is written")
    try:
        _write(Path(path), file_text(answers), force=force)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        _refuse(f"cannot write {path}: {why}", FAILURE)
    _say_what_next(path, settings, answers)


def _ask(answers: Answers, given: Given) -> Answers:
    """Return *answers* with those *given*, and those asked for."""
    answers = replace(answers, **given)
    settings_of(answers)  # so that what is wrong below is what was answered there
    asker = _Asker(given)
    answers = asker.ask(answers, "public_url", "The address that people type")
    public_url = settings_of(answers).server.public_url
    if "listen" not in given and not public_url.is_https:
        answers = replace(answers, listen=f"127.0.0.1:{public_url.port}")
    answers = asker.ask(answers, "listen", "Where the gateway listens")
    if public_url.is_https:
        title = "The proxy in front that ends https: its address (empty: none)"
        answers = asker.ask_list(answers, "trusted_proxies", title)
    answers = asker.ask(answers, "endpoint", "Logto's address", default=False)
    title = "App ID of the application in Logto (traditional web)"
    answers = asker.ask(answers, "app_id", title, default=False)
    if not answers.app_secret_file:
        answers = asker.ask(answers, "app_secret", "Its App secret", default=False)
    answers = asker.ask(answers, "upstream", "Your application's address")
    if "x_ids" not in given:
        click.echo(_NUMBERS.format(answers.public_url))
        answers = asker.ask_list(answers, "x_ids", "Numbers, with commas")
    return answers


class _Asker:
    """Asks until an answer will do; what is *given* is not asked."""

    def __init__(self, given: Given) -> None:
        self._given = given

    def ask(
        self, answers: Answers, name: str, title: str, *, default: bool = True
    ) -> Answers:
        """Return *answers* with what the operator says to *title* as *name*."""
        if name in self._given:
            return answers
        said = click.prompt(
            title,
            default=getattr(answers, name) if default else None,
            hide_input=name == "app_secret",
            value_proc=lambda text: self._judged(answers, name, text.strip()),
        )
        return replace(answers, **{name: said})

    def ask_list(self, answers: Answers, name: str, title: str) -> Answers:
        """Return *answers* with the list that the operator gives, by commas."""
        if name in self._given:
            return answers
        said = click.prompt(
            title,
            default="",
            show_default=False,
            value_proc=lambda text: self._judged(answers, name, _items(text)),
        )
        return replace(answers, **{name: said})

    def _judged(self, answers: Answers, name: str, value: Any) -> Any:  # noqa: ANN401 - a text or texts
        if wrong := wrong_with(replace(answers, **{name: value})):
            raise click.BadParameter(wrong)
        return value


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write *text* to *path* for our eyes only, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_US)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if force:
            new.replace(path)
        else:
            path.hardlink_to(new)  # fails where somebody else was faster
    finally:
        new.unlink(missing_ok=True)


def _say_what_next(path: str, settings: Settings, answers: Answers) -> None:
    option = "" if path == "gateway.toml" else f" --config {path}"
    click.echo(f"\nWrote {path}, for your eyes only: a secret and a key stand in it.\n")
    for line in to_register(settings):
        click.echo(line)
    if answers.x_ids == ():
        click.echo("\nNobody is let in yet: write numbers of X accounts into x_ids.")
    elif answers.x_ids is not None:
        click.echo("\nx_ids go by number: handles change owners, numbers do not.")
    else:
        click.echo("\nEvery X account of the world is let in.")
    click.echo(f"\nThen:\n  gateway check --online{option}\n  gateway serve{option}")


def _refuse(sentence: str, code: int = BAD_USAGE) -> NoReturn:
    click.echo(f"gateway: {sentence}.", err=True)
    sys.exit(code)
