"""A profile says what each step of a real cold start takes, and the steps add up to it."""

import json
import re
from pathlib import Path

import pytest

from handlers.manifest import MANIFEST_FILE, POINTER_FILE, Manifest
from handlers.manifest_reading import parse_manifest
from local.emulator import REGION
from models.cli import main
from models.commands import profile as command
from models.profiling.picture import draw
from models.profiling.profile import Profile, profile
from models.profiling.request import prediction_event
from models.profiling.starts import Subject, start
from models.profiling.steps import ENGINE, FETCH, IMPORTS, INFERENCE, MAP, PLAN, PYTHON, REST, STEPS
from models.publishing.aws import client
from tests.models import saved_models
from tests.paths import PROJECT

CODE = """
def input_handler(data, context):
    if context.request_content_type != "text/csv":
        raise ValueError("send text/csv")
    return {"instances": [[float(each) for each in line.split(",")] for line in data.read().decode().splitlines()]}
"""
QUICK = ("--starts", "1", "--warm-requests", "5")


def current(root: Path, model: str) -> Manifest:
    version = json.loads((root / model / POINTER_FILE).read_text())["version"]
    return parse_manifest((root / model / str(version) / MANIFEST_FILE).read_bytes())


def subject(root: Path, model: str) -> Subject:
    event = prediction_event(current(root, model))
    assert event is not None
    return Subject(model=model, store=root.as_uri(), variables={}, event=event)


@pytest.fixture(scope="module")
def found(repository: Path) -> Profile:
    return profile(subject(repository, "digits"), starts=2, warm_requests=5, say=lambda what: None)


def test_every_step_has_a_line(found: Profile):
    assert tuple(found.steps) == tuple(STEPS)


def test_the_steps_add_up_to_the_cold_start(found: Profile):
    whole = found.cold_start
    assert sum(line.milliseconds.shown for line in found.steps.values()) == pytest.approx(whole.milliseconds.shown)
    assert sum(line.memory_bytes for line in found.steps.values()) == whole.memory_bytes
    assert sum(line.read_bytes for line in found.steps.values()) == whole.read_bytes


def test_no_step_takes_less_than_nothing(found: Profile):
    assert all(line.milliseconds.lowest >= 0 for line in found.steps.values())


@pytest.mark.parametrize("step", [PYTHON, IMPORTS, ENGINE, MAP])
def test_a_step_that_imports_or_maps_takes_time_memory_and_bytes(found: Profile, step: str):
    line = found.steps[step]
    assert line.milliseconds.shown > 0
    assert line.memory_bytes > 100_000
    assert line.read_bytes > 100_000


def test_litert_plans_and_infers_at_init(found: Profile):
    assert found.steps[PLAN].milliseconds.lowest > 0
    assert found.steps[INFERENCE].milliseconds.lowest > 0


def test_the_fetch_reads_the_files_of_the_artifact(found: Profile, repository: Path):
    manifest = current(repository, "digits")
    files = manifest.files_of(manifest.artifact_for(manifest.default_signature()))
    assert found.steps[FETCH].read_bytes == sum(entry.size for entry in files)


def test_the_engine_takes_a_part_of_a_warm_request(found: Profile):
    assert found.warm_requests == 10
    assert 0 < found.warm_inference.shown < found.warm_request.milliseconds.shown


def test_lines_and_document_have_the_same_numbers(found: Profile, monkeypatch, capsys):
    monkeypatch.setattr(command, "profile", lambda *arguments: found)
    assert main(["profile", "digits"]) == 0
    lines = capsys.readouterr().out
    assert main(["profile", "digits", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    times = {step: line["milliseconds"]["shown"] for step, line in document["steps"].items()}
    times |= {name.replace("_", " "): document[name]["milliseconds"]["shown"] for name in ("cold_start", "untraced")}
    for name, milliseconds in times.items():
        (shown,) = re.findall(rf"^ *{name} +(-?[0-9.]+) ", lines, re.MULTILINE)
        assert float(shown) == pytest.approx(milliseconds, abs=0.01)


def test_the_picture_has_every_step_and_is_the_same_for_the_same_profile(found: Profile, tmp_path: Path):
    for name in ("one.svg", "other.svg"):
        draw(found, "digits", tmp_path / name)
    picture = (tmp_path / "one.svg").read_text()
    assert picture == (tmp_path / "other.svg").read_text()
    assert all(step in picture for step in STEPS)


def test_a_frozen_graph_is_told_apart_too(pack, empty, tmp_path: Path):
    source = saved_models.save(tmp_path / "source", serving_default=saved_models.scores)
    pack(source, forms=("frozen_graph",))
    taken = start(subject(empty.root, "m"), warm_requests=3)
    assert taken.steps[MAP].seconds > 0
    assert taken.steps[INFERENCE].seconds > 0
    assert taken.steps[PLAN].seconds == 0
    assert len(taken.requests) == len(taken.inferences) == 3


def test_a_model_in_a_bucket_is_fetched_from_it(repository: Path, aws, monkeypatch, capsys):
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    client("s3", aws).create_bucket(Bucket="profiled", CreateBucketConfiguration={"LocationConstraint": REGION})
    place = "s3://profiled/models"
    assert main(["publish", "iris", "--at", place, "--repository", str(repository)]) == 0
    capsys.readouterr()
    assert main(["profile", "iris", "--at", place, "--json", *QUICK]) == 0
    document = json.loads(capsys.readouterr().out)
    artifact = max(current(repository, "iris").files, key=lambda entry: entry.path == "model.tflite")
    assert document["steps"][FETCH]["read_bytes"] == artifact.size
    assert document["steps"][REST]["milliseconds"]["shown"] >= 0


def test_a_large_input_is_sent_as_raw_tensors(repository: Path):
    manifest = current(repository, "digits")
    name = manifest.default_signature()
    ((tensor, spec),) = manifest.signatures[name].inputs.items()
    event = prediction_event(manifest._replace(warmup={name: {tensor: {"zeros": [2, *(spec.shape or ())[1:]]}}}))
    assert event is not None
    assert event["isBase64Encoded"]
    taken = start(Subject(model="digits", store=repository.as_uri(), variables={}, event=event), warm_requests=1)
    assert len(taken.requests) == 1


def test_an_unknown_model_is_refused_in_one_line(repository: Path, capsys):
    assert main(["profile", "tulips", "--at", str(repository)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"profile: {repository} has no published model 'tulips'; it holds ")
    assert said.count("\n") == 1


def test_a_model_that_is_not_packaged_is_refused_in_one_line(tmp_path: Path, capsys):
    saved_models.save(tmp_path / "m" / "1", serving_default=saved_models.scores)
    assert main(["profile", "m", "--at", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"profile: m in {tmp_path} is not packaged; package it first")
    assert said.count("\n") == 1


def test_code_is_loaded_only_where_it_is_allowed(pack, repository: Path, empty, tmp_path: Path, capsys):
    code, requests = tmp_path / "code", tmp_path / "requests"
    for directory in (code, requests):
        directory.mkdir()
    (code / "inference.py").write_text(CODE)
    (requests / "one.csv").write_text("5.1,3.5,1.4,0.2\n")
    pack(repository / "iris" / "1" / "model.tflite", code=code, requests=requests)
    asked = ["profile", "m", "--at", str(empty.root), *QUICK]
    assert main(asked) == 1
    assert "m version 1 brings code, which would run here; --allow-model-code lets it" in capsys.readouterr().err
    assert main([*asked, "--allow-model-code"]) == 0


def test_a_model_that_does_not_answer_is_an_error_with_its_answer(models: Path, capsys):
    (file,) = models.glob("iris/1/model.tflite")
    file.write_bytes(b"no model")
    (models / "iris" / POINTER_FILE).write_text('{"version": 1, "labels": {}}')
    assert main(["profile", "iris", "--at", str(models), *QUICK]) == 1
    assert "iris answers its warm-up request with {'statusCode': 503" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many", "10001"])
def test_a_number_of_starts_that_makes_no_sense_is_refused(count: str, capsys):
    with pytest.raises(SystemExit):
        main(["profile", "iris", "--starts", count])
    assert f"'{count}' is no number from 1 to 10000" in capsys.readouterr().err


def test_the_page_says_what_each_step_is():
    page = (PROJECT / "docs" / "profiling.md").read_text()
    assert [row for row in page.splitlines() if row.startswith("| ")][2:] == [
        f"| {step} | {what} |" for step, what in STEPS.items()
    ]
