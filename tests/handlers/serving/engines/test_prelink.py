"""TensorFlow's libraries as they are in an image."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.contract import TENSORFLOW_LIBRARY_PATH
from handlers.image import prelink
from handlers.serving.engines import c_api
from tests.handlers.serving.engines.test_tensorflow import run_alone

ANSWER = """
import sys
from pathlib import Path
import numpy as np
from tests.handlers.serving.engines.conftest import load_model
for name, inputs in (
    ("network", {"image": np.linspace(0, 1, 768, dtype=np.float32).reshape(1, 16, 16, 3)}),
    ("vocabulary", {"words": np.array([b"alpha", b"gamma"], object)}),
):
    model = load_model(Path(sys.argv[1]) / name, "tensorflow")
    print({key: array.tolist() for key, array in model.run("serving_default", inputs).items()})
    model.close()
print(any("tensorflow/libtensorflow" in line for line in open("/proc/self/maps")))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("libraries")
    prelink.prepare(c_api._directory(), directory)
    yield directory
    shutil.rmtree(directory)  # over half a gigabyte


def test_prepared_libraries_answer_as_the_ones_they_were_made_from(models: Path, prepared: Path) -> None:
    original = run_alone(ANSWER, models).splitlines()
    made = run_alone(ANSWER, models, **{TENSORFLOW_LIBRARY_PATH: str(prepared)}).splitlines()
    assert made[:-1] == original[:-1]
    assert (original[-1], made[-1]) == ("True", "False")


def test_the_engine_opens_the_prepared_library() -> None:
    assert prelink.LIBRARY == c_api.LIBRARY


def test_bytes_that_no_process_loads_are_left_out(prepared: Path) -> None:
    original = c_api._directory()
    for name in (prelink.LIBRARY, prelink.COMPANION):
        assert (prepared / name).stat().st_size < 0.85 * (original / name).stat().st_size


def test_no_reference_to_an_own_symbol_is_left_to_resolve(prepared: Path) -> None:
    assert prelink.resolve_own_symbols(prepared / prelink.LIBRARY) == 0
