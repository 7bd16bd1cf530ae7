"""Reads a Dockerfile, and does what its build steps say without a container engine.

Every absolute path that the file names (``/opt/gateway``) is moved below a folder, so
that the steps can be carried out as they are written, by anybody, side by side.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# The folders that a path in our Dockerfile may lie in; everything else is left alone.
MOVED = re.compile(r"(?<![\w./-])/(?=(?:etc/gateway|opt|src)\b)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, and the rest as one line."""

    name: str
    arguments: str

    @property
    def command(self) -> list[str]:
        """The words of an instruction in the list form (``["gateway"]``)."""
        return [str(word) for word in json.loads(self.arguments)]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one FROM begins."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        """Return the instructions called *name*."""
        return [i for i in self.instructions if i.name == name]

    def last(self, name: str) -> Instruction:
        """Return the last instruction called *name*: the one that counts."""
        return self.all(name)[-1]


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, arguments = line.strip().partition(" ")
            yield Instruction(name.upper(), arguments.strip())


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile."""
    found: list[Stage] = []
    for instruction in instructions(text):
        if instruction.name == "FROM":
            base, _, name = instruction.arguments.partition(" AS ")
            found.append(Stage(base.strip(), name.strip()))
        else:
            found[-1].instructions.append(instruction)
    return found


def ignored(patterns: str, path: Path) -> bool:
    """Return whether *path* is left out by a ``.dockerignore``; the last match counts.

    Only the forms that ours uses are known: ``*``, ``!name`` and ``!folder/`` for
    exceptions, and ``**/name``.
    """
    left_out = False
    for line in patterns.splitlines():
        pattern = line.strip().rstrip("/")
        if not pattern or pattern.startswith("#"):
            continue
        keep = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        if (
            pattern == "*"
            or path.is_relative_to(pattern)
            or (anywhere != pattern and anywhere in path.parts)
        ):
            left_out = not keep
    return left_out


@dataclass(slots=True)
class Builder:
    """Carries out stages below *root*, as *user*, with *environment*."""

    root: Path
    context: Path
    environment: Mapping[str, str]
    user: int | None
    folder: str = "/"

    def moved(self, text: str) -> str:
        """Return *text* with every absolute path of the Dockerfile below our root."""
        return MOVED.sub(f"{self.root}/", text)

    def build(self, stage: Stage, built: Mapping[str, Path]) -> None:
        """Carry out *stage*; *built* tells where the earlier stages were put aside."""
        for instruction in stage.instructions:
            match instruction.name:
                case "WORKDIR":
                    self.folder = instruction.arguments
                    self._here().mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(shlex.split(instruction.arguments), built)
                case "RUN":
                    self.run(["sh", "-euc", self.moved(instruction.arguments)])
                case _:
                    pass  # says how the image runs, not how it is built

    def run(self, command: Sequence[str]) -> None:
        """Run *command* where the stage is; raise with what it printed if it fails."""
        done = subprocess.run(
            command,
            cwd=self._here(),
            env=self.environment,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{command[-1]}\n{done.stdout.decode()}")

    def _here(self) -> Path:
        return self.root / self.folder.lstrip("/")

    def _copy(self, words: list[str], built: Mapping[str, Path]) -> None:
        origin = self.context
        if words[0].startswith("--from="):
            origin = built[words.pop(0).removeprefix("--from=")]
        *sources, destination = words
        target = self.root / (Path(self.folder) / destination).as_posix().lstrip("/")
        for source in sources:
            path = origin / source.lstrip("/")
            if path.is_dir():
                shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
            else:
                assert destination.endswith("/"), "a file goes into a folder"
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        if self.user is not None:
            give(self.root, self.user)


def give(tree: Path, user: int) -> None:
    """Make *user* the owner of *tree* and all that is in it."""
    shutil.chown(tree, user, user)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            shutil.chown(path, user, user)
