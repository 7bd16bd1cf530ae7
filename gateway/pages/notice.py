"""What every page of ours says: what happened, what to do next, and the ways on."""

from dataclasses import dataclass
from typing import Final

from gateway.fields import Field
from gateway.pages.addresses import HOME, local
from gateway.pages.plain_text import plain

CHALLENGE: Final[Field] = (b"WWW-Authenticate", b'Bearer realm="gateway"')


@dataclass(frozen=True, slots=True)
class Site:
    """Where a page is shown: the origin of the host, and the words for sign-in.

    *asked* is the local page that was asked for, "" where it was none that a link can
    ask for again.
    """

    home: str  # "https://app.example.com"
    place: str  # "app.example.com", to be shown
    sign_in: str  # "Sign in with X"
    asked: str = ""  # "/lab/tree?reset"


@dataclass(frozen=True, slots=True)
class Link:
    """A way on by GET; *top* leaves the frame that the page is shown in."""

    words: str
    href: str
    top: bool = False


START_PAGE: Final = Link("Go to the start page", HOME)


@dataclass(frozen=True, slots=True)
class Post:
    """A way on by POST to one of our own addresses, with *return_to* as its ``rd``.

    *choice* is what is chosen by it, as ``choice``, where there is something to choose.
    """

    words: str
    address: str
    return_to: str = ""
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One label and what it stands for, with a *detail* in smaller print.

    In a section it may have a *way* to do something about it.
    """

    label: str
    value: str
    detail: str = ""
    way: Post | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a heading; *literal* ones are labelled as code is."""

    heading: str
    facts: tuple[Fact, ...]
    note: str = ""
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """The content of one page, for people and for programs.

    Every text is ready to be shown: what came from elsewhere went through `plain`.
    """

    status: int
    title: str
    message: str  # what happened, in one sentence
    error: str = ""  # the stable word for programs; "" is no error
    advice: tuple[str, ...] = ()  # what to do, a paragraph each
    steps: tuple[str, ...] = ()  # what to check, one by one
    operator: str = ""  # a hint for whoever runs the gateway
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    actions: tuple[Link | Post, ...] = ()  # the first is the one to take
    fields: tuple[Field, ...] = ()  # beside those that every page has
    sign_in_url: str = ""  # told to programs in place of the message
    status_for_programs: int | None = None  # where it differs
    in_frame: bool = False  # may be shown in a frame of the same origin


def ways_back(site: Site) -> tuple[Link, ...]:
    """Return the ways on from what may be over soon: to ask once more, and home."""
    if not site.asked:
        return (START_PAGE,)
    again = Link("Try again", local(site.asked))
    return (again,) if again.href == HOME else (again, START_PAGE)


def fact(label: str, value: str) -> tuple[Fact, ...]:
    """Return *value*, from wherever, as a fact; an empty value is none."""
    shown = plain(value)
    return (Fact(label, shown),) if shown else ()
