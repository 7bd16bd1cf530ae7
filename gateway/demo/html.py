"""The emulator's pages, rendered."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, *, status: int = 200, **values: object) -> web.Response:
    """Return the page *template* ("consent") filled with *values*."""
    text = _TEMPLATES.get_template(f"{template}.html").render(values)
    headers = {"Cache-Control": "no-store"}
    return web.Response(
        status=status, text=text, content_type="text/html", headers=headers
    )


def problem(status: int, code: str, description: str) -> web.Response:
    """Return an error page: what goes wrong here never returns to the application."""
    return page("problem", status=status, code=code, description=description)
