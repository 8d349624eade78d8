"""The page of the commands has the help that they print."""

import re

import pytest

from local.friday import COLUMNS, COMMANDS, PAGE
from models.cli import COMMANDS as ALL
from models.cli import main
from tests.paths import PROJECT


def test_the_page_has_every_command():
    assert tuple(ALL) == COMMANDS


@pytest.mark.parametrize("command", ALL)
def test_the_page_has_what_help_prints(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", COLUMNS)
    with pytest.raises(SystemExit):
        main([command, "--help"])
    printed = re.sub(r"[ \t]+$", "", capsys.readouterr().out, flags=re.MULTILINE)
    page = (PROJECT / PAGE).read_text()
    shown = page.partition(f"$ python -m models {command} --help\n")[2].partition("```\n")[0]
    assert shown == printed, "write it again: .venv/bin/python -m local friday --only-commands"
