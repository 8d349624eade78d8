"""The emulated AWS starts, refuses a port that is taken, and leaves nothing when it ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local import emulated_alarms
from local import emulator as emulator_of_aws
from local.emulated_alarms import EVALUATION_SECONDS, Alarms
from local.emulator import HOST, Emulator, EmulatorError
from local.guard import Guard
from tests.local.waiting import listening, wait_until_gone
from tests.paths import PROJECT


def test_the_emulator_answers_on_the_loopback_interface_only(emulator):
    emulator.client("s3").create_bucket(
        Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(emulator._process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {HOST}


def test_a_stopped_emulator_leaves_no_process_no_port_and_no_file():
    with Guard() as guard:
        with Emulator(guard) as emulator:
            emulator.client("s3").list_buckets()
            process, state = emulator._process, emulator._state
        assert process.poll() is not None
        assert not listening(emulator.port)
    assert not state.exists()


def test_a_second_emulator_may_have_the_port_of_one_that_stopped():
    with Guard() as guard:
        with Emulator(guard) as first:
            first.client("s3").list_buckets()
        with Emulator(guard, first.port) as second:
            assert second.client("s3").list_buckets()["Buckets"] == []


def test_a_port_that_is_taken_is_named_and_nothing_starts():
    with socket.socket() as taken, Guard() as guard:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=rf"Port {port} of 127.0.0.1 cannot be used.*--port"):
            Emulator(guard, port).__enter__()


def test_a_port_that_is_taken_between_its_choice_and_its_use_gives_way_to_another(guard, monkeypatch):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        ports, free_port = [taken.getsockname()[1]], emulator_of_aws.free_port
        monkeypatch.setattr(emulator_of_aws, "free_port", lambda: ports.pop() if ports else free_port())
        with Emulator(guard) as emulator:
            assert emulator.port != taken.getsockname()[1]
            assert emulator.client("sts").get_caller_identity()["Account"] == emulator_of_aws.ACCOUNT


def test_an_emulator_that_ends_while_it_starts_shows_its_last_lines(guard, monkeypatch, tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho something is missing\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr("local.emulator.sys.executable", str(script))
    with pytest.raises(EmulatorError, match=r"(?s)ended while it started.*something is missing"):
        Emulator(guard).__enter__()


DYING = """
import subprocess, sys
from local.guard import Guard
guard = Guard().__enter__()
directory = guard.directory("tensorflow-lambda-test-")
child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"], start_new_session=True)
guard.watch(child)
print(directory, child.pid, guard._process.pid, flush=True)
sys.stdin.read()
"""


def test_everything_that_a_killed_stack_started_is_ended_and_removed():
    with subprocess.Popen(
        [sys.executable, "-c", DYING], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stack:
        directory, child, guard = stack.stdout.readline().split()
        processes = [psutil.Process(int(child)), psutil.Process(int(guard))]
        assert Path(directory).is_dir()
        os.kill(stack.pid, signal.SIGKILL)
    wait_until_gone(processes)
    assert not Path(directory).exists()


@pytest.mark.parametrize(
    ("set_at", "looked_at", "state"),
    [
        (99, 100 + EVALUATION_SECONDS - 1, "ALARM"),
        (99, 100 + EVALUATION_SECONDS, "OK"),
        (101, 100 + EVALUATION_SECONDS, "ALARM"),  # set after the change
    ],
)
def test_an_alarm_that_was_changed_keeps_its_state_until_it_is_evaluated(monkeypatch, set_at, looked_at, state):
    monkeypatch.setattr(emulated_alarms.time, "time", lambda: looked_at)
    alarms = Alarms()
    alarms["errors"] = {
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": set_at,
        "AlarmConfigurationUpdatedTimestamp": 100,
    }
    assert [alarm["StateValue"] for _, alarm in alarms.items()] == [state]
