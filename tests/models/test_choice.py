"""Which candidate serves a signature, by what packaging was asked to save."""

import json
from dataclasses import replace
from typing import get_args

import pytest
import tensorflow as tf

from handlers.manifest import ArtifactForm
from models.cli import main
from models.packaging.candidates import Candidate
from models.packaging.choice import choose
from models.packaging.comparison import Difference
from models.packaging.errors import PackagingError
from models.packaging.fingerprint import fingerprint_of
from models.packaging.judgement import Verdict
from models.packaging.options import PackageOptions, Preference
from models.packaging.sources import open_source
from models.packaging.trial_files import TrialReport, WarmCalls
from models.packaging.trial_runner import Trial
from tests.models import saved_models

GIB = 2**30
Trials = dict[ArtifactForm, Trial]


def trial(
    form: ArtifactForm, *, cold: float = 1.0, warm: float = 0.01, memory: int = GIB, size: int = 1000, reason: str = ""
) -> Trial:
    """A trial of the signature `s` with these figures: seconds and bytes."""
    return Trial(
        candidate=Candidate(form=form, signatures=("s",), files=("f",)),
        size=size,
        call_memory={},
        verdicts={"s": Verdict(Difference(reason=reason))},
        report=TrialReport(
            load_seconds=0.1,
            first_call_seconds=0.1,
            first_answer_seconds=cold,
            first_answer_cpu_seconds=cold,
            signatures={"s": WarmCalls(fastest_seconds=warm, median_seconds=10 * warm, calls=50)},
            resident_bytes=memory,
            peak_bytes=memory,
            memory_bytes=memory,
        ),
    )


def chosen(prefer: Preference | None, *trials: Trial) -> ArtifactForm:
    return choose("s", {each.candidate.form: each for each in trials}, {}, prefer).trial.candidate.form


LITERT, FROZEN, SAVED = trial("tflite"), trial("frozen_graph"), trial("saved_model")


@pytest.mark.parametrize("prefer", [None, *get_args(Preference)])
def test_of_equals_litert_serves(prefer):
    assert chosen(prefer, SAVED, FROZEN, LITERT) == "tflite"
    assert chosen(prefer, SAVED, FROZEN) == "frozen_graph"


def test_without_a_preference_a_cold_start_50_calls_and_memory_are_weighed_together():
    # LiteRT costs 1 + 50 * 0.01 + 0.5 = 2 s
    assert chosen(None, LITERT, trial("frozen_graph", cold=0.59)) == "frozen_graph"  # 1.59 s, of at most 1.6 s
    assert chosen(None, LITERT, trial("frozen_graph", cold=0.61)) == "tflite"
    assert chosen(None, LITERT, trial("frozen_graph", warm=0.0021)) == "tflite"
    assert chosen(None, LITERT, trial("frozen_graph", warm=0.0021, memory=GIB * 9 // 10)) == "frozen_graph"


@pytest.mark.parametrize(
    ("prefer", "figure", "better", "not_clearly"),
    [
        ("cold", "cold", 0.79, 0.81),
        ("warm", "warm", 0.0079, 0.0081),
        ("memory", "memory", GIB * 94 // 100, GIB * 96 // 100),
        ("size", "size", 999, 1000),
    ],
)
def test_a_preference_looks_at_its_figure_alone(prefer, figure, better, not_clearly):
    otherwise_bad = {"cold": 9.0, "warm": 9.0, "memory": 9 * GIB, "size": 9000}
    assert chosen(prefer, LITERT, trial("frozen_graph", **otherwise_bad | {figure: better})) == "frozen_graph"
    assert chosen(prefer, LITERT, trial("frozen_graph", **otherwise_bad | {figure: not_clearly})) == "tflite"
    assert chosen(None, LITERT, trial("frozen_graph", **otherwise_bad | {figure: better})) == "tflite"


@pytest.mark.parametrize(
    ("prefer", "reason"),
    [
        (None, "costs 7.50 s where LiteRT costs 2.00 s"),
        ("cold", "costs 5.000 s of processor time at a start where LiteRT costs 1.000 s of processor time at a start"),
        ("warm", "costs 20 ms a call where LiteRT costs 10 ms a call"),
        ("memory", "costs 3221 MB of memory where LiteRT costs 1074 MB of memory"),
        ("size", "costs 12,345 bytes where LiteRT costs 1,000 bytes"),
    ],
)
def test_what_loses_has_a_reason_in_the_preferences_terms(prefer, reason):
    worse = trial("frozen_graph", cold=5.0, warm=0.02, memory=3 * GIB, size=12_345)
    assert choose("s", {"tflite": LITERT, "frozen_graph": worse}, {}, prefer).rejected == {"frozen_graph": reason}


@pytest.mark.parametrize("prefer", [None, *get_args(Preference)])
def test_no_preference_makes_up_for_another_answer(prefer):
    best = trial("tflite", cold=0, warm=0, memory=0, size=0, reason="differs")
    choice = choose("s", {"tflite": best, "frozen_graph": FROZEN}, {"saved_model": "not built"}, prefer)
    assert choice.trial is FROZEN
    assert choice.rejected == {"tflite": "differs", "saved_model": "not built"}
    with pytest.raises(PackagingError, match="no engine answers the signature 's' as TensorFlow does"):
        choose("s", {"tflite": best}, {}, prefer)


def test_a_version_of_another_preference_is_another_version(tmp_path):
    source = open_source(saved_models.save(tmp_path / "m", serving_default=saved_models.scores))
    plain = PackageOptions(name="m")
    prints = [fingerprint_of(source, replace(plain, prefer=prefer)) for prefer in (None, *get_args(Preference))]
    assert len(set(prints)) == len(prints)
    assert prints[0] == fingerprint_of(source, plain)


@tf.function(input_signature=[saved_models.ROWS])
def waves(rows):
    """Looks rows up in a table that LiteRT's converter computes, and a graph computes anew."""
    table = tf.reshape(tf.sin(tf.cast(tf.range(40_000), tf.float32)), [10_000, 4])
    return {"found": tf.gather(table, tf.cast(tf.clip_by_value(rows[:, 0], 0, 1) * 9_999, tf.int32))}


def test_a_model_whose_graph_is_smaller_is_served_by_it_if_size_is_preferred(tmp_path, empty, pack, capsys):
    source = saved_models.save(tmp_path / "m", serving_default=waves)
    (artifact,) = pack(source).manifest.artifacts
    assert artifact.form == "tflite"
    assert "prefer" not in artifact.evidence
    assert main(["package", str(source), "--name", "m", "--prefer", "size", "--repository", str(empty.root)]) == 0
    assert "LiteRT costs 1" in capsys.readouterr().out
    assert main(["show", "m", "2", "--at", str(empty.root), "--json"]) == 0
    (signature,) = json.loads(capsys.readouterr().out)["signatures"].values()
    serves, *lost = signature["forms"]
    assert (serves["form"], serves["reason"], signature["prefer"]) == ("frozen_graph", "", "size")
    assert {each["form"] for each in lost} == {"tflite", "onnx", "saved_model"}
    for each in lost:
        assert each["size_bytes"] > serves["size_bytes"] > 0
        assert (
            each["reason"]
            == f"costs {each['size_bytes']:,} bytes where a frozen graph costs {serves['size_bytes']:,} bytes"
        )
        assert min(each["cold_seconds"], each["warm_seconds"], each["memory_bytes"]) > 0


def test_show_has_a_line_for_each_form_that_was_tried(repository, capsys):
    assert main(["show", "digits", "--at", str(repository)]) == 0
    shown = capsys.readouterr().out.splitlines()
    lines = {tuple(line.split()[:2]): line for line in shown if line.startswith("    ")}
    assert lines["tflite", "LiteRT"].split(maxsplit=1)[1] == "LiteRT has no DecodePng, ScaleAndTranslate"
    assert len([line for line in shown if line.endswith("   serves")]) == 2
    assert len([line for line in shown if " costs " in line]) == 3


def test_a_packaged_version_has_its_forms_already(tmp_path, capsys):
    assert main(["publish", "m", "--prefer", "warm", "--at", str(tmp_path)]) == 1
    assert "--prefer chooses forms of the model of --from" in capsys.readouterr().err
