"""What only the TensorFlow engine does."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from handlers.contract import TENSORFLOW_LIBRARY_PATH
from handlers.manifest import Artifact, Signature, TensorSpec
from handlers.serving.engines import EngineError, load
from tests.handlers.serving.engines.conftest import Loader, load_model
from tests.paths import PROJECT

KERAS_2 = PROJECT / "build/third_party/basic-pitch/basic_pitch/saved_models/icassp_2022/nmp"
EMPTY = Signature(inputs={}, outputs={})


def artifact(form: str, file: str) -> Artifact:
    return Artifact(
        engine="tensorflow", form=form, signatures=("serving_default",), files=(file,), memory_bytes=0, reason=""
    )


def run_alone(program: str, *arguments: object, **environment: str) -> str:
    """The output of a program in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout.strip()


def test_tables_are_filled_and_strings_answered(loaded: Loader) -> None:
    words = np.array([b"alpha", "βeta".encode(), b"", b"a\x00b"], object)
    answers = loaded("vocabulary", "tensorflow").run("serving_default", {"words": words})
    assert answers["ids"].tolist() == [1, 2, -1, -1]
    assert answers["joined"].tolist() == [word + b"|" + word for word in words]


def test_text_is_sent_as_utf_8(loaded: Loader) -> None:
    words = np.array(["βeta"], object)
    assert loaded("vocabulary", "tensorflow").run("serving_default", {"words": words})["ids"].tolist() == [2]


def test_a_string_tensor_holds_only_strings(loaded: Loader) -> None:
    with pytest.raises(EngineError, match="a string tensor holds bytes, not 7"):
        loaded("vocabulary", "tensorflow").run("serving_default", {"words": np.array([b"alpha" * 9, 7], object)})


def test_an_array_of_a_type_that_tensorflow_lacks_is_refused(loaded: Loader) -> None:
    with pytest.raises(EngineError, match=r"TensorFlow has no tensor of datetime64\[s\]; allowed are"):
        loaded("float32", "tensorflow").run("serving_default", {"x": np.zeros((1, 2), "datetime64[s]")})


def test_what_a_model_keeps_of_an_input_outlives_the_callers_array(loaded: Loader) -> None:
    model = loaded("memory", "tensorflow")
    model.run("keep", {"x": np.arange(100_000, dtype=np.float32)})
    gc.collect()
    for _ in range(20):
        model.run("recall", {})
        np.full(100_000, 7, np.float32)
    np.testing.assert_array_equal(model.run("recall", {})["kept"], np.arange(100_000))


def test_tensorflow_keeps_no_array_after_a_call(loaded: Loader) -> None:
    from handlers.serving.engines import tensors

    model = loaded("string", "tensorflow")
    before = len(tensors._lent)
    model.run("serving_default", {"x": np.array([[b"a" * 50, b"b"]], object)})
    assert len(tensors._lent) == before


def test_a_directory_without_saved_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"holds no saved_model\.pb"):
        load(tmp_path, artifact("saved_model", "saved_model/saved_model.pb"), {"serving_default": EMPTY}, 1)


def test_a_file_that_is_no_model_is_refused_in_tensorflow_s_words(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(EngineError, match="Read less bytes than requested"):
        load(tmp_path, artifact("saved_model", "saved_model.pb"), {"serving_default": EMPTY}, 1)
    with pytest.raises(EngineError, match="Invalid GraphDef"):
        load(tmp_path, artifact("frozen_graph", "saved_model.pb"), {"serving_default": EMPTY}, 1)


def test_a_frozen_graph_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"frozen_graph\.pb cannot be read: No such file"):
        load(tmp_path, artifact("frozen_graph", "frozen_graph.pb"), {"serving_default": EMPTY}, 1)


@pytest.mark.parametrize("tensor", ["nowhere:0", "serving_default_x:1", ""])
def test_a_tensor_that_the_graph_lacks_is_named(models: Path, tensor: str) -> None:
    signature = Signature(inputs={"x": TensorSpec(dtype="float32", shape=None, tensor=tensor)}, outputs={})
    with pytest.raises(EngineError, match=f"the graph has no tensor {tensor!r}, which signature 'serving_default'"):
        load(models / "float32", artifact("saved_model", "saved_model.pb"), {"serving_default": signature}, 1)


def test_any_number_of_threads_may_be_asked_for(loaded: Loader) -> None:
    answers = loaded("float32", "tensorflow", threads=1000).run("serving_default", {"x": np.ones((1, 2), np.float32)})
    assert answers["y"].tolist() == [[1, 1]]


def test_missing_libraries_are_named(models: Path, tmp_path: Path) -> None:
    said = run_alone(LOAD_OR_SAY, models / "float32", **{TENSORFLOW_LIBRARY_PATH: str(tmp_path)})
    assert str(tmp_path / "libtensorflow_cc.so.2") in said


def test_two_library_files_are_all_of_tensorflow_that_is_needed(models: Path, tmp_path: Path) -> None:
    from handlers.serving.engines import c_api

    for name in ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2"):
        (tmp_path / name).symlink_to(c_api._directory() / name)
    assert (
        run_alone(LOAD_OR_SAY, models / "float32", **{TENSORFLOW_LIBRARY_PATH: str(tmp_path)}) == "[[1.0, 2.0]] False"
    )


LOAD_OR_SAY = """
import sys
from pathlib import Path
import numpy as np
from handlers.serving.engines import EngineError
from tests.handlers.serving.engines.conftest import load_model
try:
    model = load_model(Path(sys.argv[1]), "tensorflow")
    answer = model.run("serving_default", {"x": np.array([[1, 2]], np.float32)})["y"].tolist()
    print(answer, any(name.partition(".")[0] in ("tensorflow", "keras") for name in sys.modules))
except EngineError as error:
    print(error)
"""

GROW_AND_SHRINK = """
import sys
from pathlib import Path
import numpy as np
from tests.handlers.serving.engines.conftest import load_model

def resident_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024

def use(name):
    model = load_model(Path(sys.argv[1]) / name, sys.argv[2])
    width = {"large": 4096, "float32": 2}[name]
    model.run("serving_default", {"x": np.ones((1, width), np.float32)})
    return model

use("float32").close()
before = resident_mib()
grown = []
for _ in range(4):
    model = use("large")
    grown.append(resident_mib() - before)
    model.close()
print(min(grown), resident_mib() - before)
"""


@pytest.mark.parametrize("engine", ["litert", "tensorflow"])
def test_closing_gives_the_memory_back(models: Path, engine: str) -> None:
    weights_mib = 64
    grown, kept = map(int, run_alone(GROW_AND_SHRINK, models, engine).split())
    assert grown >= weights_mib
    assert kept < weights_mib


def test_both_engines_live_in_one_process_in_either_order(models: Path) -> None:
    program = """
import sys
from pathlib import Path
import numpy as np
from tests.handlers.serving.engines.conftest import load_model
for engine in sys.argv[2:] * 2:
    model = load_model(Path(sys.argv[1]), engine)
    print(model.run("serving_default", {"image": np.ones((1, 16, 16, 3), np.float32)})["output_0"].round(4).tolist())
"""
    orders = [("litert", "tensorflow"), ("tensorflow", "litert")]
    answers = {line for order in orders for line in run_alone(program, models / "network", *order).splitlines()}
    assert len(answers) == 1


@pytest.mark.skipif(
    not (KERAS_2 / "saved_model.pb").is_file(), reason=f"needs the third-party model Basic Pitch in {KERAS_2}"
)
def test_a_saved_model_by_keras_2_with_optimizer_slots_is_served() -> None:
    time = np.arange(43_844) / 22_050
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)[None, :, None]
    model = load_model(KERAS_2, "tensorflow")
    notes = next(
        array
        for name, array in model.run("serving_default", {"input_2": tone}).items()
        if array.shape == (1, 172, 88) and array.mean(1).max() > 0.5
    )
    model.close()
    concert_a = 69 - 21
    assert notes.mean((0, 1)).argmax() == concert_a
