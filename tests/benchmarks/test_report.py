"""The report, from recorded results."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks.figures import Figure
from benchmarks.records import read_record, write_record
from benchmarks.report import write_report
from benchmarks.sections import load_section, section_names
from tests.benchmarks.recorded import TRAFFIC, load, records


def figures(**changes: dict[str, Any]) -> dict[str, Figure]:
    """Every figure of the recorded results, by what it says."""
    found = [figure for record in records(**changes) for figure in load_section(record.section).figures(record.data)]
    return {figure.what: figure for figure in found}


def only(found: dict[str, Figure], *words: str) -> Figure:
    """The one figure that says all of this."""
    (figure,) = [figure for what, figure in found.items() if all(word in what for word in words)]
    return figure


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for record in records():
        write_record(record, tmp_path / "results")
    return tmp_path / "results"


def test_every_section_has_recorded_results_here() -> None:
    assert tuple(record.section for record in records()) == section_names()


def test_a_record_is_read_as_it_was_written(results: Path) -> None:
    for record in records():
        assert read_record(record.section, results) == record


def test_a_section_that_was_not_measured_has_no_record(tmp_path: Path) -> None:
    assert read_record("cold-start", tmp_path) is None


def test_the_report_holds_every_section_and_every_plot_it_shows(results: Path, tmp_path: Path) -> None:
    text = write_report(results, tmp_path / "docs").read_text(encoding="utf-8")
    for name in section_names():
        assert f"## {load_section(name).TITLE}\n" in text
    shown = {part.partition(")")[0] for part in text.split("](images/")[1:]}
    assert shown == {path.name for path in (tmp_path / "docs" / "images").iterdir()}


def test_images_are_compared_whole_with_the_plain_one() -> None:
    assert only(figures(), "plain image beside", "`litert`").value == 12
    assert only(figures(), "plain image beside", "`tensorflow`").value == 2.25


def test_convolutions_are_compared_with_what_packaging_makes_of_them() -> None:
    assert only(figures(), "a long convolution split into a sum").value == 2
    assert only(figures(), "a transposed convolution as a convolution").value == 6


def test_containers_are_compared_with_keras_in_the_plain_image() -> None:
    assert only(figures(), "sooner than from the plain image", "`litert`").value == 12
    assert only(figures(), "sooner than from the plain image", "`tensorflow`").value == 6


def test_plots_are_pictures_and_the_same_for_the_same_results(results: Path, tmp_path: Path) -> None:
    write_report(results, tmp_path / "one")
    write_report(results, tmp_path / "other")
    for picture in (tmp_path / "one" / "images").iterdir():
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - written by this test
        assert picture.read_bytes() == (tmp_path / "other" / "images" / picture.name).read_bytes()


def test_a_report_of_some_sections_leaves_the_others_out(results: Path, tmp_path: Path) -> None:
    (results / "fetch.json").unlink()
    text = write_report(results, tmp_path / "docs").read_text(encoding="utf-8")
    assert load_section("fetch").TITLE not in text
    assert load_section("cold-start").TITLE in text


def test_a_report_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="measure first"):
        write_report(tmp_path, tmp_path / "docs")


def test_a_smoke_run_is_called_one(results: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    assert "smoke run" not in write_report(results, tmp_path).read_text(encoding="utf-8")
    write_record(replace(records()[0], quick=True), results)
    assert "smoke run" in write_report(results, tmp_path).read_text(encoding="utf-8")


def test_a_cold_start_is_compared_with_keras_in_the_same_state_of_the_page_cache() -> None:
    found = figures()
    assert only(found, "`litert`", "sooner", "page cache warm").value == pytest.approx(40)
    assert only(found, "`tensorflow`", "sooner", "page cache warm").value == pytest.approx(8)
    assert only(found, "`litert`", "sooner", "page cache dropped").value == pytest.approx(40)
    assert only(found, "read from disk").value == pytest.approx(80)


def test_where_the_page_cache_may_not_be_dropped_nothing_is_claimed_of_it(results: Path, tmp_path: Path) -> None:
    (cold,) = [record for record in records() if record.section == "cold-start"]
    warm = {"runs": [run for run in cold.data["runs"] if run["cache"] == "warm"]}
    assert not [what for what in figures(cold_start=warm) if "dropped" in what]
    assert "only root on Linux may drop" in load_section("cold-start").write(warm, tmp_path)


def test_a_request_is_compared_with_the_bare_engine_call() -> None:
    found = figures()
    assert only(found, "`litert`", "response bytes").value == pytest.approx(1.1)
    assert only(found, "`litert`", "our own time").value == pytest.approx(0.2)


def test_a_hit_ratio_is_compared_with_an_exact_lru_cache() -> None:
    assert only(figures(), "hit ratio").value == pytest.approx(1)
    every_request_loads = {"loaded": [True] * len(TRAFFIC)}
    worst = only(figures(many_models=every_request_loads), "hit ratio")
    assert (worst.value, worst.met) == (0, False)


def test_memory_over_the_budget_is_counted_in_models() -> None:
    figure = only(figures(), "resident memory")
    assert (figure.value, figure.met) == (0.5, True)


def test_a_single_failed_request_misses_the_target() -> None:
    assert only(figures(), "failed requests").met
    assert not only(figures(many_models={"statuses": [200, 503]}), "failed requests").met


def test_fetching_is_compared_with_s5cmd_as_it_comes_and_tuned() -> None:
    found = figures()
    assert only(found, "s5cmd with its defaults").value == pytest.approx(2)
    assert only(found, "16 connections").value == pytest.approx(0.8)
    assert not only(found, "16 connections").met
    assert only(found, "get_object").value == pytest.approx(6)


def test_the_previews_of_single_models_are_compared() -> None:
    preview = only(figures(), "preview of 100 models beside that of 10")
    assert (preview.value, preview.met) == (10, True)


def test_what_grows_faster_than_its_cause_misses_its_target() -> None:
    found = figures()
    assert only(found, "beyond them and their packed copy").value == pytest.approx(100)
    assert only(found, "for each row of a batch").value == pytest.approx(2)
    assert not only(found, "for each row of a batch").met
    assert only(found, "with JSON, for each byte").value == pytest.approx(1)
    assert only(found, "cold start, for each byte").met
    assert only(found, "300 models in memory").value == pytest.approx(1.1)


def test_the_load_generator_is_held_against_another_tool() -> None:
    found = figures()
    assert only(found, "difference of a percentile").value == pytest.approx(0.048, abs=0.001)
    assert only(found, "500 requests a second").met
    missed = figures(load={"held": [{**each, "answered": 990, "rate": 480.0} for each in load()["held"]]})
    assert only(missed, "load: requests that failed").value == 10
    assert not only(missed, "500 requests a second").met


def test_a_model_that_does_not_answer_and_a_resource_that_changes_again_miss_their_targets() -> None:
    assert only(figures(), "models without an answer").met
    assert only(figures(), "second update changes").met
    (growth,) = [record for record in records() if record.section == "growth"]
    stacks = [
        {**each, "answered": 9, "changed_again": 1} if each["models"] == 10 else each for each in growth.data["stacks"]
    ]
    found = figures(growth={"stacks": stacks})
    assert only(found, "models without an answer").value == 1
    assert only(found, "second update changes").value == 1


def test_beside_the_peers_the_first_is_bold_and_so_is_who_is_as_good_and_a_refused_model_is_an_empty_cell(
    tmp_path: Path,
) -> None:
    (record,) = [each for each in records() if each.section == "peers"]
    record.data["subjects"]["gru"]["refused"] = {"openvino": "the graph is invalid"}
    lines = load_section("peers").write(record.data, tmp_path).splitlines()
    cold = lines.index("### First answer of a new process, files in the page cache")
    assert lines[cold + 2].startswith("| model | this handler | without comparing | ONNX Runtime | LiteRT alone |")
    assert lines[cold + 4 : cold + 6] == [
        "| MobileNetV2 | **100 ms** | **90 ms** | 200 ms | **102 ms** | 300 ms | 3.00 s |",
        "| GRU of 2 layers | 400 ms | 390 ms | **200 ms** |  | *fails* | 3.00 s |",
    ]
    warm = lines.index("### Warm call")
    assert lines[warm + 2].startswith("| model | this handler | ONNX Runtime | LiteRT alone |")
    assert lines[warm + 4] == "| MobileNetV2 | **1 ms** | 2 ms | **1.02 ms** | 3 ms | 30 ms |"
