"""Whether a command that a page names is one of its tool, with options that the tool has. Nothing is run."""

import contextlib
import io
import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.model import Shape, StructureShape
from botocore.session import Session

from components.configuration.reading import specs
from local.engine.stack import required_pulumi
from ops.__main__ import command_line
from tests.engine.operator import CLIENTS, options_of

TOOLS = ("pulumi ", "aws ", "python -m ")

OF_FILES = "aws s3 "
"""How commands begin that move files, which are no operations of S3's. A test lets an operator type them."""

PLACEHOLDER = re.compile(r"\$?[A-Z][A-Z_]+")
"""A word that stands for a value."""


def named(page: Path) -> Iterator[str]:
    """Each command that a page names, in a block or within a sentence, without what only its shell sees."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^\$ (?:[A-Z]+=\$\()?(.+?)\)?$", text, flags=re.MULTILINE)
    inline = [
        " ".join(each.split()) for each in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    ]
    parts = [part.strip() for command in [*blocks, *inline] for part in command.split("|")]
    yield from dict.fromkeys(part for part in parts if part.startswith(TOOLS) and not part.startswith(OF_FILES))


def faults(command: str) -> list[str]:
    """What of a command its tool does not know."""
    words = shlex.split(command)
    tool = {"pulumi": _of_pulumi, "aws": _of_aws, "python": _of_ops}[words[0]]
    return list(tool(words[1:]))


def _of_pulumi(words: Sequence[str]) -> Iterator[str]:
    verbs = words[: 2 if words[0] in ("config", "stack") else 1]
    text = _help_of_pulumi(*verbs)
    if verbs[-1] not in _names(text, len(verbs)):
        yield f"pulumi has no command {' '.join(verbs)}"
        return
    yield from (word for word in words if word.startswith("-") and word not in re.findall(r"(?<![\w-])-[\w-]+", text))
    if verbs[0] == "config":
        yield from _of_setting(*words[2:])


def _names(text: str, length: int) -> list[str]:
    """The names of the command, of so many words, that a help is of."""
    used = re.search(r"^Usage:\n  pulumi (.+)$", text, flags=re.MULTILINE)
    aliases = re.search(r"^Aliases:\n  (.+)$", text, flags=re.MULTILINE)
    own = used[1].split()[length - 1 : length] if used else []
    return [*own, *(aliases[1].split(", ") if aliases else [])]


@cache
def _help_of_pulumi(*verbs: str) -> str:
    """What `pulumi … --help` prints; for a word that is no command, that is the help of what stands before it."""
    done = subprocess.run([required_pulumi(), *verbs, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def _of_setting(key: str, *value: str) -> Iterator[str]:
    if key not in specs():
        yield f"there is no setting {key}"
        return
    for text in value:
        if not PLACEHOLDER.fullmatch(text):
            try:
                specs()[key].kind.parse(text)
            except ValueError as error:
                yield f"{key}: {error}"


def _of_aws(words: Sequence[str]) -> Iterator[str]:
    service, operation, *rest = words
    model = Session().get_service_model(CLIENTS.get(service, service))
    known = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in known:
        yield f"{service} has no operation {operation}"
        return
    shape = model.operation_model(known[operation]).input_shape
    members: Mapping[str, Shape] = (
        {} if shape is None else {xform_name(key, "-"): each for key, each in shape.members.items()}
    )
    for option, values in options_of(rest):
        if option not in members:
            yield f"{service} {operation} has no option --{option}"
        else:
            yield from _of_structure(members[option], values)


def _of_structure(shape: Shape, values: Sequence[str]) -> Iterator[str]:
    """The keys of a structure, as the command line writes them: `Key=value,…` or JSON."""
    for text in values if isinstance(shape, StructureShape) else ():
        keys = json.loads(text) if text.startswith("{") else [each.partition("=")[0] for each in text.split(",")]
        yield from (f"{shape.name} has no {key}" for key in keys if key not in shape.members)


def _of_ops(words: Sequence[str]) -> Iterator[str]:
    assert words[:2] == ["-m", "ops"], words
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            command_line().parse_args(words[2:])
    except SystemExit:
        yield said.getvalue()
