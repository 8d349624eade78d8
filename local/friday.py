"""`docs/friday.md`: the transcript of a Friday afternoon: a model is retrained, tried, promoted and taken back.

Every command runs, on a stack of this machine. What it prints is what the page shows.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from local.announcement import announced
from local.publishing import point, versions_of
from local.stack import LocalStack, local_stack
from local.stack_config import PROJECT

PAGE = Path("docs/friday.md")
"""Below the project's directory."""

NAME, MODEL, CALLERS = "friday", "iris", 200
WORK = Path("build/friday")
EXAMPLE = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": [5.1, 3.5, 1.4, 0.2]}]}

INTRODUCTION = """\
# Friday, five o'clock

A model is retrained and goes live, and nothing is deployed: it is packaged, published under a label, tried, given a
tenth of the callers, promoted, and taken back. `python -m local friday` ran these commands on a stack of one machine
and wrote this page; lines that begin with `#` are its own. `python` stands for `.venv/bin/python`, and the stack is
called `friday`. With a stack on AWS the commands are the same.

"""

COMMANDS = (
    *(
        "build",
        "train",
        "package",
        "verify",
        "list",
        "show",
        "diff",
        "profile",
        "publish",
        "label",
        "promote",
        "rollback",
        "prune",
    ),
    *("watch", "fetch-samples", "completion"),
)
"""Every command of `python -m models`."""

HEADING = "## The commands\n"
COLUMNS = "110"
"""How wide the help is."""


class FridayError(Exception):
    """A command of the story failed; the message has what it printed."""


def write_friday(port: int = 0) -> Path:
    """Run the story and write the page. Returns its path. Raises FridayError, and what `local_stack` raises."""
    repository = _one_version()
    with local_stack({"modelRepository": str(repository)}, port=port) as stack, announced(PROJECT, NAME, stack):
        story = [line for part in _story(stack) for line in part]
    return _write(INTRODUCTION + "\n".join([*story, ""]))


def write_commands() -> Path:
    """Write the help of every command into the page again, and leave the story as it is. Returns the page's path."""
    return _write((PROJECT / PAGE).read_text(encoding="utf-8").partition(HEADING)[0])


def _write(story: str) -> Path:
    path = PROJECT / PAGE
    sections = [line for command in COMMANDS for line in _help(command)]
    path.write_text(story + HEADING + "\n".join(["", *sections]), encoding="utf-8")
    return path


def _one_version() -> Path:
    """A repository of the story's own, with one version of one model."""
    shutil.rmtree(PROJECT / WORK, ignore_errors=True)
    repository = PROJECT / WORK / "repository"
    model = PROJECT / "build" / "repository" / MODEL
    first = versions_of(model)[0]
    shutil.copytree(model / str(first), repository / MODEL / str(first))
    point(repository / MODEL, first)
    return repository


def _story(stack: LocalStack) -> Iterator[Iterator[str]]:
    exports, repository = WORK / "exports", f"--repository {WORK / 'repository'}"
    yield _part(
        "Retrain, and package what was trained",
        f"models train {MODEL} --seed 5 --exports {exports}",
        f"models package {exports / MODEL / 'saved_model'} --name {MODEL} {repository} "
        f"--samples {exports / MODEL / 'test.npz'}",
        f"models diff {MODEL} 1 2 --at {WORK / 'repository'}",
    )
    yield _part(
        "Publish it under a label, where only those who ask for it get it",
        f"models publish {MODEL} {repository} --stack {NAME} --label canary --dry-run",
        f"models publish {MODEL} {repository} --stack {NAME} --label canary --wait",
        f"models watch {MODEL} --stack {NAME} --once",
    )
    yield _asked(stack)
    yield _part(
        "Give it a tenth of the callers",
        f"models label {MODEL} stable 1 --stack {NAME}",
        f"models label {MODEL} current stable=90 canary=10 --stack {NAME}",
        f"models show {MODEL} --stack {NAME}",
    )
    yield _asked(stack, after=6)
    yield _part("Promote it", f"models promote {MODEL} canary --stack {NAME} --wait")
    yield _asked(stack)
    yield _part("Take it back", f"models rollback {MODEL} --stack {NAME} --wait")
    yield _asked(stack)
    yield _part(
        "Tidy up: nothing that may still answer is removed",
        f"models label {MODEL} canary --remove --stack {NAME}",
        f"models prune {MODEL} --keep 0 --stack {NAME} --dry-run",
        f"models list --stack {NAME}",
    )


def _part(title: str, *commands: str) -> Iterator[str]:
    yield from (f"## {title}", "", "```console")
    for command in commands:
        print(f"$ python -m {command}", flush=True)
        yield f"$ python -m {command}"
        yield from _printed(command)
    yield from ("```", "")


def _printed(command: str) -> Iterator[str]:
    """The lines that a command prints. Raises FridayError if it fails."""
    environment = {**os.environ, "COLUMNS": COLUMNS}
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise FridayError(f"{command} failed:\n{done.stderr}{done.stdout}")
    for line in done.stdout.splitlines():
        yield re.sub(r"[ \t]+$", "", line.replace(f"{PROJECT}/", ""))


def _asked(stack: LocalStack, after: float = 0) -> Iterator[str]:
    """Which versions answer so many callers, who each ask twice."""
    time.sleep(after)  # until every environment has read the pointer
    first, second = (_answers(stack) for _ in range(2))
    counted = ", ".join(f"version {version} answers {count}" for version, count in sorted(Counter(first).items()))
    same = sum(one == two for one, two in zip(first, second, strict=True))
    yield from ("```console", f"# of {CALLERS} callers, {counted}; asked again, {same} get the same version", "```", "")


def _answers(stack: LocalStack) -> list[str]:
    """The version that answers each caller. Raises FridayError if one gets no answer."""
    parts = urlsplit(stack.api_url)
    versions: list[str] = []
    for number in range(CALLERS):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {"Content-Type": "application/json", "X-Caller-Id": f"caller {number}"}
        connection.request("POST", f"{parts.path}/v2/models/{MODEL}/infer", json.dumps(EXAMPLE), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise FridayError(f"caller {number} got {answer.status}: {body.decode(errors='replace')}")
        versions.append(json.loads(body)["model_version"])
    return versions


def _help(command: str) -> Iterator[str]:
    yield from (f"### {command}", "", "```console", f"$ python -m models {command} --help")
    yield from _printed(f"models {command} --help")
    yield from ("```", "")
