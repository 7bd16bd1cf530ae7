"""House rules no linter knows."""

from pathlib import Path

import pytest

from tests.support.project import ROOT, project_files

MODULES = sorted(
    p.relative_to(ROOT) for r in ("config", "gateway") for p in (ROOT / r).rglob("*.py")
)

# Spelled in parts, so that this file passes its own test.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("maven", "org"),
        ("maven", "apache", "org"),
        ("debian", "org"),
    )
]


def project_text() -> list[tuple[Path, str]]:
    found = []
    for file in project_files():
        content = file.read_bytes()
        if b"\0" not in content:
            found.append((file.relative_to(ROOT), content.decode()))
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_modules_stay_small(module: Path) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= 250


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_modules_say_what_they_are_for(module: Path) -> None:
    assert (ROOT / module).read_text().startswith(('"""', 'r"""'))


@pytest.mark.parametrize(
    "name", ["util", "utils", "helpers", "common", "misc", "base", "const"]
)
def test_no_drawer_modules(name: str) -> None:
    assert name not in {module.stem for module in MODULES}
    assert name not in {part for module in MODULES for part in module.parts}


def test_no_file_says_where_packages_come_from() -> None:
    named = [
        f"{file}: {host}"
        for file, text in project_text()
        for host in REGISTRIES
        if host in text
    ]
    assert named == []


def test_nothing_is_left_to_do() -> None:
    marks = ("TO" + "DO", "FIX" + "ME")
    left = [
        f"{file}:{number}"
        for file, text in project_text()
        for number, line in enumerate(text.splitlines(), 1)
        if file.suffix in {".py", ".toml", ".md", ".html", ".css", ".js", ""}
        and any(mark in line for mark in marks)
    ]
    assert left == []
