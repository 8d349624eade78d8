"""`python -m benchmarks`: what it runs, and where it writes."""

from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks import paths
from benchmarks.object_server import ServerMissing
from benchmarks.records import write_record
from tests.benchmarks.recorded import records


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recorded results, and directories of their own for what is written."""
    for name, path in (("PROJECT", "."), ("RESULTS", "results"), ("DOCS", "docs"), ("QUICK", "quick")):
        assert hasattr(paths, name)
        monkeypatch.setattr(command, name, tmp_path / path)
    for record in records():
        write_record(record, tmp_path / "results")
    return tmp_path


def test_a_section_that_does_not_exist_is_refused_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["warm-start"])
    said = capsys.readouterr().err
    assert "no section is called warm-start" in said
    assert "cold-start, warm-calls" in said


def test_the_report_is_written_from_the_records_alone(places: Path) -> None:
    assert command.main(["report"]) == 0
    assert (places / "docs" / "benchmarks.md").exists()


def test_a_section_that_this_machine_cannot_measure_leaves_the_report_of_the_others(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise ServerMissing("nginx is not installed")

    monkeypatch.setattr(command, "run", refuse)
    assert command.main(["fetch"]) == 1
    assert "not measured: nginx is not installed" in capsys.readouterr().out
    assert (places / "docs" / "benchmarks.md").exists()


def test_a_smoke_run_leaves_the_results_and_the_report_alone(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, bool, Path]] = []
    monkeypatch.setattr(command, "run", lambda *arguments: ran.append(arguments))
    for record in records():
        write_record(record, places / "quick" / "results")
    command.main(["fetch", "--quick"])
    assert ran == [("fetch", True, places / "quick" / "results")]
    assert (places / "quick" / "benchmarks.md").exists()
    assert not (places / "docs").exists()
