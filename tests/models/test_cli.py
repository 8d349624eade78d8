"""The command line reports its result or the reason of a failure."""

import errno
import os
import subprocess
import sys

import keras
import pytest

from models.cli import main
from tests.models import saved_models
from tests.paths import PROJECT


def test_package_says_which_engine_and_why(tmp_path, capsys):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    where = ["--repository", str(tmp_path / "repository")]
    assert main(["package", str(source), "--name", "m", "--engine", "litert", *where]) == 0
    assert "LiteRT verified" in capsys.readouterr().out
    assert main(["list", "--at", str(tmp_path / "repository")]) == 0
    assert "* m " in capsys.readouterr().out
    assert main(["verify", *where]) == 0


def test_a_sequential_model_is_packaged_in_four_lines_at_most_and_none_of_them_is_a_librarys(tmp_path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(tmp_path / "m.keras")
    command = [sys.executable, "-m", "models", "package", str(tmp_path / "m.keras"), "--name", "m"]
    done = subprocess.run(
        [*command, "--repository", str(tmp_path / "repository")],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_", "CUDA_"))},
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 0, said
    assert 1 <= len(said) <= 4
    assert said[0].startswith("m ")
    assert all(line.startswith(("  serving_default: ", "  needs a ", "  unlike TensorFlow")) for line in said[1:])


def test_a_failure_is_one_line_and_a_non_zero_exit(tmp_path, capsys):
    arguments = ["package", str(tmp_path / "none.keras"), "--name", "m", "--repository", str(tmp_path / "repository")]
    assert main(arguments) == 1
    assert capsys.readouterr().err == f"package: {tmp_path / 'none.keras'} does not exist\n"
    assert not (tmp_path / "repository").exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/r/file"), "package: /r/file: No space left on device\n"),
        (OSError(errno.ENOSPC, "No space left", "/from", None, "/to"), "package: /to: No space left\n"),
        (OSError("the disk is gone"), "package: the disk is gone\n"),
    ],
)
def test_a_full_disk_is_one_line_and_a_non_zero_exit(capsys, monkeypatch, error, said):
    def fail(*arguments):
        raise error

    monkeypatch.setattr("models.commands.package.package", fail)
    assert main(["package", "m", "--name", "m"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] + "\n" == said


def test_an_unknown_sample_model_is_named_with_those_there_are(capsys):
    assert main(["build", "tulips"]) == 1
    assert "tulips; it has digits, iris" in capsys.readouterr().err


def test_an_engine_does_not_serve_another_engines_form(capsys):
    assert main(["package", "m", "--name", "m", "--engine", "litert", "--form", "saved_model"]) == 1
    assert "litert engine does not serve the form saved_model" in capsys.readouterr().err


def test_an_abbreviated_option_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["package", "m", "--name", "m", "--to", "1"])
    assert stopped.value.code == 2
    assert "unrecognized arguments: --to 1" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "train", "package", "list", "verify", "fetch-samples"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"python -m models {command}" in capsys.readouterr().out
