"""What memory a function needs for a model, and that the function's own arithmetic agrees."""

import pytest

from handlers.contract import SMALLEST_FUNCTION_MIB
from handlers.manifest import Artifact, EngineName, Manifest
from handlers.serving.footprint import ENGINE_BYTES, MIB, least_function_mib, room_for_models
from models.packaging.function_memory import memory_note


def of_engine(engine: EngineName, memory_bytes: int) -> Artifact:
    return Artifact(
        engine=engine,
        form="tflite" if engine == "litert" else "saved_model",
        signatures=("serving_default",),
        files=(),
        memory_bytes=memory_bytes,
        reason="",
    )


@pytest.mark.parametrize("memory_bytes", [0, 1, 12_345_678, 5_000_000_000])
@pytest.mark.parametrize("engine", ENGINE_BYTES)
def test_the_least_function_has_room_and_a_smaller_one_has_not(engine: EngineName, memory_bytes: int) -> None:
    least = least_function_mib([of_engine("litert", 0), of_engine(engine, memory_bytes)])
    needed = ENGINE_BYTES[engine] + memory_bytes
    assert room_for_models(least * MIB) >= needed
    assert least == SMALLEST_FUNCTION_MIB or needed > room_for_models((least - 1) * MIB)


def test_packaging_says_which_function_loads_a_version_or_that_none_does() -> None:
    version = Manifest(model="m", version=1, signatures={}, artifacts=(of_engine("litert", 64 * MIB),), files=())
    assert memory_note(version) == "needs a function of 188 MiB or more (memoryMib)"
    too_large = version._replace(artifacts=(of_engine("tensorflow", 10_000 * MIB),))
    assert memory_note(too_large).startswith("NO FUNCTION CAN LOAD IT: it needs 11,891 MiB, and Lambda gives 10,240")
