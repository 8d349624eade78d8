"""What the shells complete, asked of the shells."""

import shutil
import subprocess

import pytest

from models.cli import COMMANDS, main

COMPLETE = """
{script}
COMP_WORDS=({words})
COMP_CWORD=$(({count} - 1))
COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
_shtab_models
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def completed(capsys):
    """What bash completes at the end of a line."""
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out

    def completed(*words: str) -> set[str]:
        text = COMPLETE.format(script=script, words=" ".join(f"'{word}'" for word in words), count=len(words))
        done = subprocess.run(["bash", "-c", text], capture_output=True, text=True)
        return {line.strip() for line in done.stdout.splitlines()}

    return completed


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_and_choices(completed):
    assert completed("models", "") >= set(COMMANDS)
    assert completed("models", "pro") == {"profile", "promote"}
    assert {"--label", "--from", "--stack", "--wait"} <= completed("models", "publish", "--")
    assert completed("models", "package", "--form", "f") == {"frozen_graph"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_has_a_command_that_runs_this_program(completed, capsys):
    main(["completion", "bash"])
    script = capsys.readouterr().out
    done = subprocess.run(["bash", "-c", f"{script}\ncd / && models --help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: python -m models" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_every_command_is_in_the_script(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [command for command in COMMANDS if command not in script] == []
