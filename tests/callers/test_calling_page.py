"""docs/calling.md, word for word: each program of it gets an answer, for each kind of auth."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from clients.signing import service_of
from local.emulator import CREDENTIALS, REGION
from local.stack import LocalStack
from tests.callers.conftest import Stacks
from tests.paths import PROJECT

SECTIONS = {"With a signature": ("iam", "url"), "With a token": ("jwt",)}
"""The sections that have programs, and the stacks on which they answer."""

NEEDS = {"js": "node", "java": "java", "go": "go", "sh": "curl"}


class Program(NamedTuple):
    section: str
    language: str
    text: str


def programs() -> list[Program]:
    page = (PROJECT / "docs" / "calling.md").read_text(encoding="utf-8")
    return [
        Program(title, block[1], block[2])
        for title, section in re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", page)
        for block in re.finditer(r"(?ms)^```(sh|python|js|java|go)\n(.*?)^```$", section)
    ]


CASES = [(each, name) for each in programs() for name in SECTIONS.get(each.section, ())]


@pytest.mark.parametrize(
    ("program", "name"),
    CASES,
    ids=[f"{name}, {each.language} {number}" for number, (each, name) in enumerate(CASES)],
)
def test_a_program_of_the_page_gets_an_answer(program: Program, name: str, stacks: Stacks, tmp_path: Path) -> None:
    tool = NEEDS.get(program.language)
    if tool is not None and shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} on this machine")
    command = prepared(program, tmp_path)
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(stacks[name]),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d\.\d\d", done.stdout), done.stdout + done.stderr


def test_the_page_has_a_program_for_each_kind_of_auth_in_each_language() -> None:
    for section in SECTIONS:
        assert {each.language for each in programs() if each.section == section} == {"sh", "python", "js", "java", "go"}


def environment(stack: LocalStack) -> Mapping[str, str]:
    """What a caller's program finds in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    token = {"TOKEN": stack.token()} if stack.setting("auth") == "jwt" else CREDENTIALS
    known = {"API_URL": stack.api_url, "AWS_REGION": REGION, "PYTHONPATH": str(PROJECT / "clients")}
    service = service_of(str(stack.deployment.outputs["requestsArn"]))
    return {**kept, **token, **known, "API_SERVICE": service}


def prepared(program: Program, directory: Path) -> Sequence[str]:
    """The command that runs a program, with what it needs in the directory."""
    text = program.text
    if program.language == "sh":
        return ["sh", "-ec", text]
    if program.language == "python":
        (directory / "predict.py").write_text(text)
        return [sys.executable, "predict.py"]
    if program.language == "js":
        (directory / "predict.mjs").write_text(text)
        if "aws4fetch" in text:
            install(["npm", "install", "--no-audit", "--no-fund", "aws4fetch@1.0.20"], directory)
        return ["node", "predict.mjs"]
    if program.language == "java":
        (directory / "Predict.java").write_text(text)
        return ["java", "Predict.java"]
    (directory / "main.go").write_text(text)
    install(["go", "mod", "init", "example.com/predict"], directory)
    if "aws-sdk-go-v2" in text:
        install(["go", "get", "github.com/aws/aws-sdk-go-v2@v1.48.0"], directory)
        install(["go", "mod", "tidy"], directory)
    return ["go", "run", "main.go"]


def install(command: Sequence[str], directory: Path) -> None:
    """Get a library. Skips the test where none can be had."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=200)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-200:]}")
