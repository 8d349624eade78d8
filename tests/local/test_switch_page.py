"""The page about switches: a section for each part that was run, kept until the part is run again."""

from pathlib import Path

import pytest

from local.changes import PERIODS, Change, Kind, Load
from local.switch_page import write_page


def change(what: str, kind: Kind = "update", *, failed: int = 0, **resources: int) -> Change:
    load = Load(requests=10, failed=failed, different=0, p50=0.01, p99=0.02)
    loads = dict.fromkeys(PERIODS, load)
    return Change(what=what, kind=kind, seconds=1.5, resources=resources, moved=(), loads=loads)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_a_part_that_is_run_again_replaces_its_section_and_no_other(project):
    write_page(project, {"storages": [change("s3 → efs", create=1)]}, command="first", per_second=20)
    write_page(project, {"settings": [change("memory", update=1)]}, command="second", per_second=20)
    page = write_page(project, {"storages": [change("efs → s3", delete=1)]}, command="third", per_second=20)
    text = page.read_text(encoding="utf-8")
    assert text.count("# Switching\n") == 1
    assert text.index("## Storages") < text.index("`third`") < text.index("efs → s3") < text.index("## Settings")
    assert "`second`" in text
    assert "`first`" not in text
    assert "s3 → efs" not in text


def test_changes_publications_and_repetitions_are_counted_apart(project):
    changes = [change("s3 → efs", create=1), change("iris 3", "publication"), change("again", "repetition")]
    page = write_page(project, {"storages": changes}, command="run", per_second=20)
    text = page.read_text(encoding="utf-8")
    assert "1 changes of the stack, 1 publications, 90 requests: 0 failed" in text
    assert "1 of 1 repetitions found nothing to do." in text


def test_a_repetition_that_changes_something_did_not_go_well():
    assert change("again", "repetition").went_well
    assert not change("again", "repetition", update=1).went_well
    assert change("s3 → efs", update=1).went_well
    assert not change("s3 → efs", failed=1).went_well
