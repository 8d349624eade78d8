"""Which forms are built and tried for which signatures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from handlers.manifest import ArtifactForm, Signature, TensorSpec
from models.packaging.artifacts import CandidateTester, build_artifacts
from models.packaging.candidates import Candidate
from models.packaging.comparison import Difference
from models.packaging.forms import PREFERENCE
from models.packaging.judgement import Rules, Verdict
from models.packaging.requests.exchange import Exchange
from models.packaging.trial_files import TrialReport, WarmCalls
from models.packaging.trial_runner import Trial, TrialFailed

SECONDS: Mapping[str, Mapping[ArtifactForm, float]] = {
    "usual": {"tflite": 0.01, "onnx": 0.01, "frozen_graph": 0.01, "saved_model": 0.01},
    "slow": {"tflite": 0.2, "onnx": 0.01, "frozen_graph": 0.05, "saved_model": 0.05},
    "slower": {"tflite": 0.3, "onnx": 0.02, "frozen_graph": 0.1, "saved_model": 0.04},
    "slow everywhere": {"tflite": 0.2, "onnx": 0.3, "frozen_graph": 0.05, "saved_model": 0.05},
    "not for litert": {"onnx": 0.01, "frozen_graph": 0.05, "saved_model": 0.05},
    "slow and not for onnx": {"tflite": 0.2, "frozen_graph": 0.05, "saved_model": 0.05},
}
"""What a warm call takes, by signature and form; a form that is left out cannot serve the signature."""

Tried = list[tuple[ArtifactForm, tuple[str, ...]]]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Tried:
    """The forms that were tried, with their signatures, in order; none is really built."""
    found: Tried = []

    def test(tester: CandidateTester, form: ArtifactForm, names: Sequence[str]) -> Trial:
        if any(form not in SECONDS[name] for name in names):
            raise TrialFailed("it cannot")
        found.append((form, tuple(names)))
        return Trial(
            candidate=Candidate(form=form, signatures=tuple(names), files=("f",)),
            size=1,
            call_memory={},
            verdicts={name: Verdict(Difference()) for name in names},
            report=TrialReport(
                load_seconds=0.1,
                first_call_seconds=0.1,
                first_answer_seconds=0.1,
                first_answer_cpu_seconds=0.1,
                signatures={name: _calls(SECONDS[name][form]) for name in names},
                resident_bytes=1,
                peak_bytes=1,
                memory_bytes=1,
            ),
        )

    monkeypatch.setattr(CandidateTester, "test", test)
    return found


def _calls(seconds: float) -> WarmCalls:
    return WarmCalls(fastest_seconds=seconds, median_seconds=seconds, calls=50)


def served(*names: str) -> dict[ArtifactForm, tuple[str, ...]]:
    """The signatures that each form serves."""
    output = {"y": TensorSpec(dtype="float32", shape=(-1,), tensor="y:0")}
    signatures = {name: Signature(inputs={}, outputs=output) for name in names}
    exchanges = {name: Exchange(requests=(), answers=()) for name in names}
    artifacts = build_artifacts(Path(), signatures, exchanges, PREFERENCE, Rules(), None, lambda progress: None)
    return {artifact.form: artifact.signatures for artifact in artifacts}


def test_onnx_runtime_is_not_tried_where_litert_serves(tried: Tried) -> None:
    assert served("usual") == {"tflite": ("usual",)}
    assert "onnx" not in dict(tried)


def test_onnx_runtime_is_tried_where_litert_cannot_serve(tried: Tried) -> None:
    assert served("not for litert") == {"onnx": ("not for litert",)}


def test_onnx_runtime_is_tried_where_litert_loses_to_another_form(tried: Tried) -> None:
    assert served("slow", "slower") == {"onnx": ("slow", "slower")}
    assert [names for form, names in tried if form == "onnx"] == [("slow", "slower")]


def test_onnx_runtime_is_tried_for_each_such_signature_and_no_other(tried: Tried) -> None:
    names = ("usual", "slow everywhere", "not for litert", "slow")
    assert served(*names) == {
        "tflite": ("usual",),
        "onnx": ("not for litert", "slow"),
        "frozen_graph": ("slow everywhere",),
    }
    assert not any("usual" in names for form, names in tried if form == "onnx")


def test_what_onnx_runtime_served_first_it_still_serves_if_it_cannot_hold_all(
    tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = CandidateTester.test

    def test_few(tester: CandidateTester, form: ArtifactForm, names: Sequence[str]) -> Trial:
        if form == "onnx" and len(names) > 1:
            raise TrialFailed("too large")
        return test(tester, form, names)

    monkeypatch.setattr(CandidateTester, "test", test_few)
    assert served("not for litert", "slow") == {"onnx": ("not for litert",), "frozen_graph": ("slow",)}
    assert [names for form, names in tried if form == "onnx"][-1] == ("not for litert",)


def test_where_onnx_runtime_cannot_serve_either_the_other_form_stays(tried: Tried) -> None:
    assert served("slow and not for onnx") == {"frozen_graph": ("slow and not for onnx",)}
