"""A walk through the zoo: what it shows of every kind is packaged and answers, or is refused in so many words.

The whole zoo has a command of its own, `make zoo`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.zoo import answers
from tests.models.zoo.exhibit import Exhibit
from tests.models.zoo.making import SHOWN, make_zoo, read_made, read_zoo
from tests.models.zoo.packaging import Outcome, fault, package_all
from tests.models.zoo.page import PAGE, page_of
from tests.models.zoo.serving import Served, served


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the exhibits that are shown were made."""
    directory = tmp_path_factory.mktemp("zoo")
    make_zoo(directory, [SHOWN])
    return directory


@pytest.fixture(scope="module")
def zoo(root: Path) -> dict[str, Exhibit]:
    return read_zoo(root)


@pytest.fixture(scope="module")
def outcomes(root: Path, zoo: dict[str, Exhibit]) -> dict[str, Outcome]:
    """What became of each exhibit that is shown."""
    shown = [name for name, exhibit in zoo.items() if exhibit.shown]
    return {outcome.name: outcome for outcome in package_all(root, root / "repository", shown)}


@pytest.fixture(scope="module")
def api(root: Path, outcomes: dict[str, Outcome]) -> Iterator[Served]:
    with served(root / "repository") as api:
        yield api


def test_the_zoo_has_at_least_eighty_models_of_every_form(zoo):
    assert len(zoo) >= 80
    assert {exhibit.form for exhibit in zoo.values()} >= {".keras", ".h5", "SavedModel", ".tflite"}
    assert {exhibit.framework for exhibit in zoo.values()} == {"tensorflow", "tf_keras"}


def test_at_least_nine_in_ten_of_what_tensorflow_itself_runs_are_packaged(zoo):
    run = [exhibit for exhibit in zoo.values() if exhibit.runs]
    assert sum(1 for exhibit in run if exhibit.engines) >= 0.9 * len(run)


@pytest.mark.timeout(900)
def test_every_model_is_packaged_for_its_engine_or_refused_in_its_own_words(root, zoo, outcomes):
    faults = [fault(zoo[name], read_made(root, name), outcome) for name, outcome in outcomes.items()]
    assert [each for each in faults if each] == []
    assert {bool(outcome.refusal) for outcome in outcomes.values()} == {True, False}


@pytest.mark.timeout(900)
def test_every_packaged_model_answers_over_http_what_its_framework_answers(root, outcomes, api):
    faults = []
    for name, outcome in outcomes.items():
        if outcome.engines:
            made = read_made(root, name)
            assert made.asks, name
            faults += api.faults(name, made.asks)
    assert faults == []


def test_the_page_of_models_is_that_of_the_zoo(zoo):
    written = PAGE.read_text(encoding="utf-8")
    assert written == page_of(list(zoo.values())), "write it again with python -m tests.models.zoo.page"


def test_the_answers_of_two_releases_are_compared_byte_for_byte(tmp_path: Path) -> None:
    before = {
        "a, s, request 0": answers.answer_of("tflite", b"1"),
        "a, s, request 1": answers.answer_of("tflite", b"2"),
        "b, s, request 0": answers.answer_of("frozen_graph", b"3"),
        "gone, s, request 0": answers.answer_of("tflite", b"4"),
    }
    answers.write(tmp_path / "answers.json", before)
    assert answers.read(tmp_path / "answers.json") == before
    now = before | {
        "a, s, request 1": answers.answer_of("tflite", b"another"),
        "b, s, request 0": answers.answer_of("onnx", b"3"),
        "new, s, request 0": answers.answer_of("tflite", b"5"),
    }
    del now["gone, s, request 0"]
    assert answers.comparison(before, now).splitlines() == [
        "3 requests were answered before, too: 1 have the same answer, byte for byte; 1 are computed by another form; "
        "1 have other bytes",
        "1 have no answer any more; 1 are new",
        "b, s, request 0: frozen_graph before, onnx now",
        "a, s, request 1: tflite, other bytes",
        "gone, s, request 0: no answer any more",
    ]
