"""The acceptance kit on this machine, under Pulumi's own engine."""

import json
import re
from pathlib import Path

import pytest

from acceptance import __main__ as kit
from acceptance.checks import CHECKS, Deployed, NotHeldError


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "case",
    ["s3-multi", "rest", pytest.param("failing-canary", marks=pytest.mark.whole)],  # a shift waits for its alarms
)
def test_a_case_holds_and_leaves_nothing(repository, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str):
    assert kit.main(["--target", "local", "--only", case, "--directory", str(tmp_path)]) == 0
    assert "1 of 1 cases held." in capsys.readouterr().out
    kept = json.loads((tmp_path / "local" / "outcomes.json").read_text())[case]
    assert (kept["gone"], kept["left"], kept["failures"]) == (True, [], {})


@pytest.mark.timeout(600)
def test_a_stack_with_a_domain_name_is_called_by_it_and_at_no_other_address(
    repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    named = ["--domain", "models.example.com", "--certificate", "arn:aws:acm:eu-central-1:000000000000:certificate/1"]
    assert kit.main(["--target", "local", "--only", "domain", *named, "--directory", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "1 of 1 cases held." in shown
    assert "Left out" not in shown


@pytest.mark.timeout(600)
def test_what_does_not_hold_is_told_and_the_stack_is_taken_away_all_the_same(
    repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(stack: Deployed) -> None:
        raise NotHeldError(f"version {stack.version()} answers")

    monkeypatch.setitem(CHECKS, "answers", fail)  # pyright: ignore
    assert kit.main(["--target", "local", "--only", "http-compressed", "--directory", str(tmp_path)]) == 1
    assert re.search(r"answers: version \d+ answers", capsys.readouterr().out)
    kept = json.loads((tmp_path / "local" / "outcomes.json").read_text())["http-compressed"]
    assert kept["gone"]
    assert kept["left"] == []
