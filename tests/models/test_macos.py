"""Packaging on macOS: no /proc, and none of Linux's own functions."""

import json
import resource
from types import SimpleNamespace

import psutil
import pytest

from models.packaging import process_memory
from tests.like_macos import run_like_macos
from tests.models import saved_models


def test_a_model_is_packaged_and_what_it_holds_is_measured(tmp_path):
    source = saved_models.save(tmp_path / "m", serving_default=saved_models.scores)
    repository = tmp_path / "repository"
    done = run_like_macos(
        tmp_path, "-m", "models", "package", str(source), "--name", "m", "--repository", str(repository)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [artifact] = json.loads((repository / "m" / "1" / "manifest.json").read_text())["artifacts"]
    assert 2**24 < artifact["evidence"]["resident_bytes"] < 2**30
    assert 0 < artifact["memory_bytes"] < 2**24


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_memory_is_asked_of_the_system_where_there_is_no_proc(tmp_path, monkeypatch, system, unit):
    monkeypatch.setattr(process_memory, "STATUS", tmp_path / "absent")
    monkeypatch.setattr(process_memory.sys, "platform", system)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=7))
    assert process_memory.peak_bytes() == 7 * unit
    assert process_memory.resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
