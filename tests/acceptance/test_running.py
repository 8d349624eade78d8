"""The acceptance kit's bookkeeping: what is run, what is resumed, what it may cost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from acceptance import __main__ as kit
from acceptance.cases import CASES, Case, domain_case
from acceptance.checks import CHECKS
from acceptance.record import Outcome, Record
from acceptance.report import as_text
from acceptance.running import run
from acceptance.targets import Target
from clients.signing import Signer
from local.engine.results import Result
from local.shapes import SHAPES

CASE = Case(name="one", checks=())
CERTIFICATE = "arn:aws:acm:eu-central-1:000000000000:certificate/1"


class Stack:
    """A stack that notes what is done to it."""

    def __init__(self, done: list[str]) -> None:
        self.done = done

    def up(self, settings: Any = None) -> Result:
        self.done.append("up")
        return _result("up")

    def destroy(self) -> Result:
        self.done.append("destroy")
        return _result("destroy")


def _result(operation: Any) -> Result:
    return Result(operation=operation, succeeded=True, seconds=1, changes={}, steps=(), errors=())


class Nothing:
    """A client of an account in which nothing has the stack's tag."""

    def get_paginator(self, operation: str) -> "Nothing":
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return [{"ResourceTagMappingList": []}]


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def held(tmp_path: Path, repository: Path, done: list[str]) -> Any:
    """Runs the case in an account."""

    @contextmanager
    def open_target(directory: Path, file: str) -> Iterator[Target]:
        stack: Any = Stack(done)
        client: Any = lambda service: Nothing()  # noqa: E731 a stand-in for boto3's
        yield Target(
            name="r",
            stack=stack,
            client=client,
            settings={},
            address=str,
            host=str,
            signer=partial(Signer, "r"),
            emulated=False,
        )

    def held(record: Record) -> list[Outcome]:
        held_out: Any = None
        return list(run([CASE], record, tmp_path, held_out, repository / "iris", open_target))

    return held


def test_a_case_that_held_is_not_run_again(tmp_path: Path, held: Any, done: list[str]):
    assert [outcome.held for outcome in held(Record(tmp_path))] == [True]
    assert done == ["up", "destroy"]
    assert [outcome.held for outcome in held(Record(tmp_path))] == [True]
    assert done == ["up", "destroy"]


def test_a_stack_that_an_interrupted_run_left_is_taken_away_first(tmp_path: Path, held: Any, done: list[str]):
    Record(tmp_path).keep(Outcome(case="one"))
    held(Record(tmp_path))
    assert done == ["destroy", "up", "destroy"]


def test_an_interruption_takes_the_stack_away(tmp_path: Path, held: Any, done: list[str], monkeypatch):
    def interrupted(self: Stack, settings: Any = None) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(Stack, "up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        held(Record(tmp_path))
    assert done == ["destroy"]
    assert Record(tmp_path).outcomes["one"].gone


def test_every_storage_in_every_mode_and_every_stack_file_is_a_case():
    names = {case.name for case in CASES}
    assert {f"{shape.storage}-{shape.mode}" for shape in SHAPES} <= names
    assert {"file-dev", "file-staging", "file-prod", "rest"} <= names
    assert len(names) == len(CASES)
    checked = {check for case in (*CASES, domain_case("", "")) for check in case.checks}
    assert checked == set(CHECKS)


def test_a_table_says_what_did_not_hold_and_what_is_left():
    outcomes = [
        Outcome(case="a", gone=True, seconds={"up": 61, "quiet": 9}),
        Outcome(case="b", failures={"answers": "503"}, left=["arn:aws:s3:::left"]),
    ]
    text = as_text(outcomes)
    assert "quiet 9" in text
    assert "answers: 503; arn:aws:s3:::left" in text
    assert text.endswith("1 of 2 cases held.")


def test_an_account_is_used_only_within_a_budget(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    aws = ["--target", "aws", "--only", "s3-multi", "--directory", str(tmp_path)]
    assert kit.main(aws) == 2
    assert "needs --region and --budget" in capsys.readouterr().err
    assert kit.main([*aws, "--region", "eu-west-1", "--budget", "0"]) == 2
    shown = capsys.readouterr()
    assert "1 cases cost about $0.0" in shown.out
    assert "more than the budget of $0.00" in shown.err


def test_a_case_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]):
    assert kit.main(["--target", "local", "--only", "none"]) == 2
    assert "there is no case none; there are file-dev" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--domain", "m.example.com"], ["--certificate", CERTIFICATE], ["--only", "domain"]])
def test_a_domain_name_needs_its_certificate(given: list[str], capsys: pytest.CaptureFixture[str]):
    assert kit.main(["--target", "local", *given]) == 2
    assert "the case domain needs both --domain NAME and --certificate ARN" in capsys.readouterr().err


def test_a_domain_name_that_the_program_refuses_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    named = ["--domain", "https://m.example.com", "--certificate", CERTIFICATE]
    assert kit.main(["--target", "local", *named, "--directory", str(tmp_path)]) == 2
    assert "domainName" in capsys.readouterr().err


def test_a_run_says_what_it_left_out_and_what_it_would_have_cost(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run_of = list[str]()

    def run_one(cases: Sequence[Case], *rest: Any) -> Iterator[Outcome]:
        run_of.extend(case.name for case in cases)
        return iter([Outcome(case="canary", gone=True, seconds={"up": 2_628})])

    monkeypatch.setattr(kit, "run", run_one)
    given = ["--target", "local", "--directory", str(tmp_path)]
    assert kit.main(given) == 0
    shown = capsys.readouterr().out
    assert "Left out: domain, which needs --domain NAME" in shown
    assert "the cases would have cost in an account, without what is stored:" in shown
    assert "idle  0.0045\nsum   0.0045" in shown
    assert kit.main([*given, "--domain", "m.example.com", "--certificate", CERTIFICATE]) == 0
    assert "Left out" not in capsys.readouterr().out
    names = [case.name for case in CASES]
    assert run_of == [*names, *names, "domain"]
