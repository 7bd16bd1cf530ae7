"""The forms and links of an HTML page, as far as a virtual browser needs them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class Button:
    """A submit button."""

    name: str
    value: str
    label: str = ""


@dataclass(slots=True)
class Form:
    """A form with its hidden and filled-in fields; ``continues`` submits itself."""

    action: str
    method: str
    continues: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


@dataclass(slots=True)
class Link:
    """A link; ``continues`` is followed by the page's script."""

    href: str
    continues: bool
    label: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self._open_form: Form | None = None
        self._labelled: Button | Link | None = None

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        given = {name: value or "" for name, value in attributes}
        continues = "data-continue" in given
        match tag:
            case "form":
                method = given.get("method", "get").upper()
                self._open_form = Form(given.get("action", ""), method, continues)
                self.forms.append(self._open_form)
            case "a" if "href" in given:
                self._labelled = Link(given["href"], continues)
                self.links.append(self._labelled)
            case "button" | "input" if self._open_form is not None:
                self._control(tag, given, self._open_form)
            case _:
                pass

    def _control(self, tag: str, given: dict[str, str], form: Form) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "button":
            self._labelled = Button(name, value)
            form.buttons.append(self._labelled)
        elif given.get("type") == "submit":
            form.buttons.append(Button(name, value, value))
        elif name:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open_form = None
        if tag in {"a", "button"} and self._labelled is not None:
            self._labelled.label = " ".join(self._labelled.label.split())
            self._labelled = None

    def handle_data(self, data: str) -> None:
        if self._labelled is not None:
            self._labelled.label += data


def read(text: str) -> tuple[list[Form], list[Link]]:
    """Return the forms and links of the page *text*."""
    reader = _Reader()
    reader.feed(text)
    return reader.forms, reader.links
