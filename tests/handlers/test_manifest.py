"""Versions and engines in the documents of the model repository."""

from typing import cast, get_args

import pytest

from handlers.manifest import ENGINE_SETS, FORMS, EngineName, EngineSet, Pointer, engine_set


def test_a_pointer_names_its_version_and_those_of_its_labels() -> None:
    assert Pointer(version=3).versions() == {3}
    assert Pointer(version=3, labels={"stable": 2, "canary": 3, "old": 1}).versions() == {1, 2, 3}


@pytest.mark.parametrize(
    ("engines", "smallest"),
    [
        ((), "litert"),
        (("litert",), "litert"),
        (("onnxruntime",), "onnxruntime"),
        (("litert", "onnxruntime"), "onnxruntime"),
        (("tensorflow",), "tensorflow"),
        (("onnxruntime", "tensorflow"), "tensorflow"),
        (("tensorflow", "litert"), "tensorflow"),
    ],
)
def test_engines_need_the_smallest_set_that_holds_them(engines: tuple[EngineName, ...], smallest: EngineSet) -> None:
    assert engine_set(engines) == smallest


def test_engines_that_no_set_holds_are_named() -> None:
    with pytest.raises(ValueError, match=r"no set of engines holds \['litert', 'onnx'\]; the sets are litert, onnx"):
        engine_set(cast("tuple[EngineName, ...]", ("onnx", "litert")))


def test_every_engine_has_forms_and_a_set() -> None:
    engines = set(get_args(EngineName))
    assert FORMS.keys() == engines
    assert frozenset[EngineName]().union(*ENGINE_SETS.values()) == engines
