"""`python -m local up` and `demo`, run as a person runs them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.emulator import HOST, free_port
from tests.local.waiting import listening, wait_until_gone
from tests.packaged import WRONG_OPTIONS
from tests.paths import PROJECT


@contextmanager
def running_up(scratch: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """`up`, and the lines that it printed until it said that it runs. Its temporary files are in `scratch`."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up", *arguments],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith("Running."):
                    break
            else:
                raise AssertionError("\n".join(lines))
            yield process, lines
        finally:
            process.kill()


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=250
    )


def commands(lines: list[str], program: str) -> list[str]:
    return [line.strip() for line in lines if line.strip().startswith(program + " ")]


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_every_line_that_up_prints_works_when_it_is_pasted(repository, tmp_path):
    with running_up(tmp_path) as (process, lines):
        curls = commands(lines, "curl")
        answers = [json.loads(subprocess.check_output(["bash", "-c", line], text=True)) for line in curls]
        assert [answer for answer in answers if "error" in answer or "message" in answer] == []
        assert any("predictions" in answer for answer in answers)
        assert any("outputs" in answer for answer in answers)
        assert any('"signature_name": "png"' in line for line in curls)
        tails = [line.replace(" -f ", " ") for line in commands(lines, "tail")]
        logs = [subprocess.check_output(["bash", "-c", line], text=True) for line in tails]
        assert "REPORT RequestId: " in logs[0]
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_up_leaves_no_process_no_port_and_no_file_however_it_ends(repository, tmp_path, how):
    with running_up(tmp_path, "--config", "mode=single", "--config", 'models=["iris","wine"]') as (process, lines):
        for line in commands(lines, "curl"):
            subprocess.check_output(["bash", "-c", line])
        children = family(process)
        assert len(children) >= 4  # the guard, the emulated AWS, two workers
        port = int(re.search(r":(\d+)/", lines[0])[1])
        os.killpg(process.pid, how)
        process.wait()
        wait_until_gone(children)
    assert not listening(port)
    assert list(tmp_path.iterdir()) == []


def test_up_starts_again_on_the_port_that_it_had(repository, tmp_path):
    port = str(free_port())
    for _ in range(2):
        with running_up(tmp_path, "--port", port, "--config", 'models=["iris"]') as (process, lines):
            assert f"http://127.0.0.1:{port}/" in lines[0]
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0


def test_up_refuses_a_port_that_is_taken_and_says_what_to_do():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("up", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: Port {port} of 127.0.0.1 cannot be used")
    assert "--port" in done.stderr


@pytest.mark.parametrize(("arguments", "message"), WRONG_OPTIONS)
def test_a_wrong_configuration_is_refused_with_the_reason(repository, arguments, message):
    done = run("up", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr


def test_the_demonstration_shows_a_line_for_each_mode_model_and_signature_and_succeeds(repository):
    done = run("demo", "--config", 'models=["digits","diabetes"]')
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [
        line.split() for line in done.stdout.splitlines() if re.match(r"(single|multi)\s+\w+\s+(default|png)", line)
    ]
    assert [row[:3] for row in rows] == [
        [mode, *each]
        for mode in ("single", "multi")
        for each in (["digits", "default"], ["digits", "png"], ["diabetes", "default"])
    ]
    assert done.stdout.splitlines()[-1].startswith("2 models in 2 modes answered ")


def test_the_demonstration_runs_in_the_storage_that_is_asked_for(repository):
    done = run("demo", "--storage", "efs", "--config", 'models=["iris"]')
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  storage efs, mode multi: " in done.stdout
    assert "Not emulated here: Networks are kept, not enforced" in done.stdout
