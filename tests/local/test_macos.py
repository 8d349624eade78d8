"""The local stack on macOS: no /proc, none of Linux's own functions, no awslambdaric, a Docker engine far away."""

import os

import psutil
import pytest

from images.building import ImageError
from local import containers, workers
from local.workers import STANDS_IN, held_bytes
from tests.like_macos import run_like_macos


@pytest.mark.parametrize("storage", [pytest.param("s3", marks=pytest.mark.whole), "efs"])
def test_the_demonstration_succeeds_and_says_once_that_the_runtime_client_stands_in(repository, tmp_path, storage):
    done = run_like_macos(tmp_path, "-m", "local", "demo", "--storage", storage, "--config", 'models=["digits"]')
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("1 models in 2 modes answered ")
    assert done.stdout.count(STANDS_IN) == 1


def test_containers_are_refused_where_the_engine_has_a_network_of_its_own(guard, monkeypatch):
    monkeypatch.setattr(containers.sys, "platform", "darwin")
    with pytest.raises(ImageError, match="on Linux only, where they share this machine's network; leave --docker out"):
        containers.Containers(guard, "http://127.0.0.1:9")


def test_what_a_worker_holds_is_its_footprint(monkeypatch):
    monkeypatch.setattr(psutil, "LINUX", False)
    monkeypatch.setattr(workers, "footprint_bytes", lambda process: process * 2)
    assert held_bytes(os.getpid()) == os.getpid() * 2
