"""What the ONNX Runtime engine does that others do not."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from handlers.manifest import Artifact
from handlers.serving.engines import EngineError, load
from handlers.serving.engines.onnxruntime import MOST_PLANS
from handlers.serving.meta_graph import read_signatures
from tests.handlers.serving.engines.conftest import Loader
from tests.paths import PROJECT


def artifact(*files: str, signatures: tuple[str, ...] = ("serving_default",)) -> Artifact:
    return Artifact(
        engine="onnxruntime", form="onnx", signatures=signatures, files=files, memory_bytes=0, reason="the test says so"
    )


def test_a_file_that_is_missing_or_is_no_onnx_is_named(models: Path, tmp_path: Path) -> None:
    signatures = read_signatures((models / "arithmetic" / "saved_model.pb").read_bytes())
    with pytest.raises(EngineError, match=r"none\.onnx is missing; the onnxruntime engine needs it"):
        load(models / "arithmetic", artifact("none.onnx"), signatures, 1)
    (tmp_path / "broken.onnx").write_bytes(b"\x00broken")
    with pytest.raises(EngineError, match=r"broken\.onnx"):
        load(tmp_path, artifact("broken.onnx"), signatures, 1)


def test_every_signature_needs_a_file(models: Path) -> None:
    signatures = read_signatures((models / "arithmetic" / "saved_model.pb").read_bytes())
    one = artifact("serving_default.onnx", signatures=("serving_default", "difference"))
    with pytest.raises(EngineError, match="needs a file for each signature; the artifact has 1 files for 2 signatures"):
        load(models / "arithmetic", one, signatures, 1)


def test_a_file_of_another_signature_is_refused(models: Path) -> None:
    signatures = read_signatures((models / "arithmetic" / "saved_model.pb").read_bytes())
    with pytest.raises(EngineError, match=r"difference\.onnx is not of signature 'serving_default': it computes"):
        load(models / "arithmetic", artifact("difference.onnx"), signatures, 1)


def test_what_it_takes_for_a_call_does_not_grow_with_the_shapes_that_were_asked(loaded: Loader) -> None:
    from handlers.serving.footprint import resident_bytes

    model = loaded("network", "onnxruntime")
    for batch in (64, 1):
        model.run("serving_default", {"image": np.ones((batch, 16, 16, 3), np.float32)})
    before = resident_bytes()
    for batch in range(1, 2 * MOST_PLANS + 1):
        images = np.random.default_rng(batch).normal(size=(batch, 16, 16, 3)).astype(np.float32)
        answer = model.run("serving_default", {"image": images})["output_0"]
        again = model.run("serving_default", {"image": images})["output_0"]
        assert again.tobytes() == answer.tobytes()
    assert resident_bytes() - before < 8 << 20


def test_after_many_shapes_the_session_keeps_no_plans_and_answers_as_before(loaded: Loader) -> None:
    model = loaded("network", "onnxruntime")
    image = np.random.default_rng(1).normal(size=(1, 16, 16, 3)).astype(np.float32)
    planned = model.run("serving_default", {"image": image})["output_0"]
    first = model._calls["serving_default"].session
    for batch in range(1, MOST_PLANS + 1):
        model.run("serving_default", {"image": np.ones((batch, 16, 16, 3), np.float32)})
    assert model._calls["serving_default"].session is first
    model.run("serving_default", {"image": np.ones((MOST_PLANS + 1, 16, 16, 3), np.float32)})
    assert model._calls["serving_default"].session is not first
    assert model._calls["serving_default"].planned is None
    assert model.run("serving_default", {"image": image})["output_0"].tobytes() == planned.tobytes()


WAITED = """
import sys, time
from pathlib import Path
import numpy as np
from tests.handlers.serving.engines.conftest import load_model

model = load_model(Path(sys.argv[1]), "onnxruntime")
for _ in range(3):
    model.run("serving_default", {"image": np.ones((8, 16, 16, 3), np.float32)})
    before = time.process_time()
    time.sleep(0.2)
    print(time.process_time() - before)
"""
"""Prints how much processor time passes after a call. The tests' process may have other threads."""


def test_threads_sleep_soon_after_a_call(models: Path) -> None:
    command = [sys.executable, "-c", WAITED, str(models / "network")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert min(map(float, done.stdout.split())) < 0.015  # without a limit 0.03 s


def test_nothing_is_reported_and_nothing_is_written_for_it(models: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import tests.handlers.serving.engines.conftest as c;"
        "c.load_model(Path(sys.argv[1]), 'onnxruntime')"
    )
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", program, str(models / "arithmetic")]
    done = subprocess.run(command, env=variables, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_engine_imports_the_compiled_module_without_its_package() -> None:
    program = (
        "import sys; from handlers.serving.engines import open_libraries; open_libraries('onnxruntime');"
        "print('onnxruntime' in sys.modules, 'onnxruntime.capi.onnxruntime_pybind11_state' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"
