"""The commands. Each imports what only it needs when it runs."""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

import click

from config.environment import CONFIG_PATH
from config.loader import Loaded, read
from config.problem import ConfigurationError, Problem
from config.schema import schema as json_schema
from config.session import KEY_SIZE, new_key
from config.settings import Settings
from config.summary import summary

FAILURE, BAD_USAGE = 1, 2
"""Exit codes: it does not work; options or configuration are to be mended."""

config_option = click.option(
    "--config",
    "path",
    default="gateway.toml",
    envvar=CONFIG_PATH,
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The configuration file.",
)


def _version() -> str:
    try:
        return metadata.version("logto-gateway")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _load(path: str) -> Settings:
    """Return the settings, or say every problem on stderr and exit."""
    return _read(path).settings


def _read(path: str) -> Loaded:
    """Return the settings with their places, or say every problem and exit."""
    try:
        return read(path, os.environ)  # noqa: TID251 - read once, here
    except ConfigurationError as error:
        _say(error.problems)
        if not Path(path).exists():
            click.echo(
                "`gateway init` writes one; or name your file with --config.",
                err=True,
            )
        sys.exit(BAD_USAGE)


def _say(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="gateway")
def main() -> None:
    """Put "Sign in with X", through Logto, in front of a web application."""


@main.command()
@config_option
def serve(path: str) -> None:
    """Run the gateway."""
    settings = _load(path)
    from gateway.serving import serve as run  # noqa: PLC0415 - heavy

    sys.exit(run(settings, path))


@main.command()
@config_option
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.option("--public-url", metavar="URL", help="The address that people type.")
@click.option("--listen", metavar="ADDRESS", help="Where the gateway listens.")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="The proxy in front that ends https.",
)
@click.option("--endpoint", metavar="URL", help="Logto's address.")
@click.option("--app-id", metavar="ID", help="App ID of the application in Logto.")
@click.option(
    "--app-secret-file",
    metavar="FILE",
    help="File that holds its App secret; without it the secret is asked for.",
)
@click.option("--upstream", metavar="URL", help="Your application's address.")
@click.option(
    "--x-id", "x_ids", multiple=True, metavar="ID", help="An X account to let in."
)
@click.option("--anyone", is_flag=True, help="Let in every X account of the world.")
def init(path: str, *, force: bool, anyone: bool, **given: Any) -> None:  # noqa: ANN401 - click's
    """Ask what only you know, write gateway.toml, say what to register at Logto."""
    from gateway.init_command import init as run  # noqa: PLC0415 - seldom needed

    if anyone and given["x_ids"]:
        raise click.UsageError("Give --x-id or --anyone.")
    known = {name: value for name, value in given.items() if value}
    run(path, known | ({"x_ids": None} if anyone else {}), force=force)


@main.command()
@config_option
@click.option(
    "--online",
    is_flag=True,
    help="Ask Logto, the upstreams and the public address as well.",
)
def check(path: str, online: bool) -> None:  # noqa: FBT001 - click's
    """Read the file and say every problem, or what it means."""
    loaded = _read(path)
    from gateway.checking.own_certificate import certificate_hints  # noqa: PLC0415 - heavy
    from gateway.checking.pem_files import pem_problems  # noqa: PLC0415 - heavy
    from gateway.checking.this_machine import hints_here  # noqa: PLC0415 - heavy
    from gateway.checking.workers import worker_hints  # noqa: PLC0415 - heavy
    from gateway.operations.workers.cpus import usable_cpus  # noqa: PLC0415 - heavy

    if found := loaded.places.problems(pem_problems(loaded.settings)):
        _say(found)
        sys.exit(BAD_USAGE)
    here = [
        *hints_here(path, loaded.settings, loaded.places),
        *certificate_hints(loaded.settings, time.time()),  # noqa: TID251 - the edge
        *worker_hints(loaded.settings, usable_cpus),
    ]
    for line in summary(loaded.settings, here):
        click.echo(line)
    if online:
        _check_online(loaded)


def _check_online(loaded: Loaded) -> None:
    from gateway.checking.command import online  # noqa: PLC0415 - heavy

    report = online(loaded.settings, time.time)  # noqa: TID251 - the edge
    click.echo("\nSeen now:")
    for note in report.notes:
        click.echo(f"  - {note}")
    _say(loaded.places.problems(report.problems))
    sys.exit(FAILURE if report.problems else 0)


@main.command()
@config_option
@click.option(
    "--as",
    "claims",
    type=click.File("rb"),
    metavar="CLAIMS.json",
    help="Who asks: an ID token's claims, as Logto sends them; - is standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.argument("method")
@click.argument("url")
def explain(
    path: str,
    claims: BinaryIO | None,
    as_json: bool,  # noqa: FBT001 - click's
    method: str,
    url: str,
) -> None:
    """Say what becomes of a request, and why, without making it."""
    settings = _load(path)
    from gateway.explaining.command import Unexplained, explained  # noqa: PLC0415 - heavy

    data = None if claims is None else claims.read()
    try:
        told = explained(settings, method, url, data, as_json=as_json)
    except Unexplained as error:
        click.echo(f"gateway: {error}", err=True)
        sys.exit(BAD_USAGE)
    click.echo(told)


@main.group()
def sessions() -> None:
    """Sessions of people who are signed in."""


@sessions.command()
@config_option
@click.option("--subject", metavar="S", help="Logto's id of the person.")
@click.option("--x-id", metavar="ID", help="The number of the X account.")
@click.option("--all", "everybody", is_flag=True, help="Everybody.")
def revoke(path: str, subject: str | None, x_id: str | None, everybody: bool) -> None:  # noqa: FBT001 - click's
    """Sign someone out now, in whatever browser, at the running gateway."""
    named = {"subject": subject, "x-id": x_id, "everybody": "" if everybody else None}
    given = [(whose, value) for whose, value in named.items() if value is not None]
    if len(given) != 1 or given[0] in {("subject", ""), ("x-id", "")}:
        raise click.UsageError("Give one of --subject, --x-id and --all.")
    settings = _load(path)
    from gateway.revoke_command import revoke as order  # noqa: PLC0415 - heavy

    outcome = order(settings, *given[0], time.time())  # noqa: TID251 - the edge
    said = outcome.sentence if not outcome.code else f"gateway: {outcome.sentence}."
    click.echo(said, err=bool(outcome.code))
    sys.exit(outcome.code)


@main.command()
def keygen() -> None:
    """Print a new key for [session] keys."""
    click.echo(new_key(secrets.token_bytes(KEY_SIZE)))


@main.command()
def schema() -> None:
    """Print the JSON Schema of the file."""
    click.echo(json.dumps(json_schema(), indent=2))


@main.command()
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65533),
    help="First of the three ports; taken ones are passed over, 0 takes any.",
)
def demo(port: int) -> None:
    """Try it out with an emulated Logto and X on this machine."""
    from gateway.demo.run import run  # noqa: PLC0415 - serving must not know it

    sys.exit(run(port))
