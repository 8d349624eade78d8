"""A quick start: numpy is imported in two steps, and garbage collection ignores what is imported."""

import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest

from handlers.quick_start import quick_start
from tests.paths import PROJECT


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=PROJECT, timeout=60
    )
    return done.stdout if done.returncode == 0 else done.stderr.splitlines()[-1]


QUICKLY = """
import sys
from handlers.quick_start import quick_start
with quick_start():
    import numpy
    assert "numpy.lib" not in sys.modules
"""


def test_arrays_need_nothing_but_the_core() -> None:
    program = """
array = numpy.frombuffer(b"\\0\\0\\x80\\x3f", numpy.float32).reshape(1, -1)
text = f"{array.astype(numpy.float64).tolist()} {numpy.stack([array, array]).shape} {numpy.iinfo('int8').max} {array!r}"
print(text, numpy.__version__.split(".")[0], "numpy.lib" in sys.modules)
"""
    assert run(QUICKLY + program) == "[[1.0]] (2, 1, 1) 127 array([[1.]], dtype=float32) 2 False\n"


@pytest.mark.parametrize(
    "program",
    [
        "import numpy; print(numpy.linalg.norm([3, 4]))",
        "import numpy; print(numpy.nanmean([1.0, numpy.nan]), numpy.linalg._umath_linalg)",
        "import numpy; numpy.nothing",
        "import numpy; print(hasattr(numpy, 'nothing'), sorted(dir(numpy)))",
        "import numpy.linalg as l; print(l.norm([3, 4]), l._umath_linalg, l.__spec__.origin)",
        "import numpy.random; print(numpy.random.default_rng(1).random())",
        "import numpy.testing; print(numpy.testing.assert_array_equal([1], [1]))",
        "from numpy.typing import NDArray; print(NDArray)",
        "from numpy.lib import stride_tricks; print(stride_tricks.sliding_window_view([1, 2, 3], 2))",
        "from numpy import *; print(nanmean([1.0]), mean([2.0]))",
        "import numpy, pickle; print(pickle.loads(pickle.dumps(numpy.arange(3))))",
        "import scipy.linalg; print(scipy.linalg.det([[1.0, 2.0], [3.0, 4.0]]))",
    ],
)
def test_a_name_outside_of_the_core_imports_all_of_numpy(program: str) -> None:
    assert run(QUICKLY + program) == run(program)


def test_threads_that_use_such_a_name_at_once_all_get_it() -> None:
    program = """
import threading
found = []
threads = [threading.Thread(target=lambda: found.append(numpy.nanmean([1.0, 3.0]))) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), set(map(float, found)))
"""
    assert run(QUICKLY + program) == "8 {2.0}\n"


def test_a_thread_that_uses_a_name_and_one_that_imports_a_module_do_not_lock_each_other_out() -> None:
    program = """
import importlib, threading
start = threading.Barrier(2)
def ask(act):
    start.wait()
    try:
        act()
    except ImportError:  # a module that another thread is still importing
        pass
threads = [
    threading.Thread(target=ask, args=(act,), daemon=True)
    for act in (lambda: numpy.nanmean, lambda: importlib.import_module("numpy.random"))
]
for thread in threads: thread.start()
for thread in threads: thread.join(20)
print([thread.is_alive() for thread in threads], numpy.nanmean([2.0]))
"""
    for _ in range(3):
        assert run(QUICKLY + program) == "[False, False] 2.0\n"


def test_an_import_of_the_rest_that_fails_is_tried_again() -> None:
    program = """
import sys
for _ in range(2):
    sys.modules["numpy.lib"] = None
    try:
        numpy.nanmean
    except ImportError as error:
        print(type(error).__name__)
    del sys.modules["numpy.lib"]
"""
    assert run(QUICKLY + program) == "ModuleNotFoundError\nModuleNotFoundError\n"


ASKED = """
from handlers.numpy_core import version_alone
with version_alone():
    from numpy.lib import NumpyVersion
    print(NumpyVersion(numpy.__version__).major == int(numpy.__version__[0]), hasattr(NumpyVersion, "vstring"))
import numpy.lib
print(numpy.lib.NumpyVersion is NumpyVersion, numpy.nanmean([1.0, 3.0]))
"""


def test_numpy_says_its_version_without_the_rest_and_the_rest_is_there_afterwards() -> None:
    assert run(QUICKLY + ASKED) == "True False\nFalse 2.0\n"


@pytest.mark.parametrize("start", ["import numpy", QUICKLY + "numpy.nanmean"])
def test_a_whole_numpy_says_its_version_itself(start: str) -> None:
    assert run(f"{start}\n{ASKED}") == "True False\nTrue 2.0\n"


@pytest.mark.parametrize(
    "need",
    [
        "found.append(float(numpy.nanmean([1.0, 3.0])))",
        "import numpy.linalg; found.append(float(numpy.linalg.norm([2.0])))",
        "import numpy.lib.format; found.append(float(numpy.nanmean([1.0, 3.0])))",
        "from numpy.lib import stride_tricks; found.append(float(numpy.nanmean([1.0, 3.0])))",
    ],
)
def test_a_thread_that_needs_the_rest_waits_until_the_version_was_said(need: str) -> None:
    program = f"""
import threading
from handlers.numpy_core import version_alone
found = []
def ask():
    global numpy
    {need}
thread = threading.Thread(target=ask, daemon=True)
with version_alone():
    thread.start()
    thread.join(0.3)
    print(found)
thread.join(20)
print(found)
"""
    assert run(QUICKLY + program) == "[]\n[2.0]\n"


def test_onnx_runtime_returns_arrays_without_the_rest_of_numpy() -> None:
    program = """
from handlers.serving.engines.onnxruntime import native
native()
print("numpy.lib" in sys.modules)
OrtValue, OrtDevice = native().OrtValue, native().OrtDevice
device = OrtDevice(OrtDevice.cpu(), OrtDevice.default_memory(), 0)
print(OrtValue.ortvalue_from_numpy(numpy.ones(2, "float32"), device).numpy(), "numpy.lib" in sys.modules)
"""
    assert run(QUICKLY + program) == "False\n[1. 1.] False\n"


LATE = """
import sys
import handlers.late_imports as late
def is_late(name):
    return type(sys.modules[name]) is late.LateModule
"""


def test_what_orjson_and_numpy_import_and_hardly_use_is_not_imported() -> None:
    program = """
import orjson, urllib.parse
array = numpy.array([1.5], numpy.float32)
print(orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY), array.tolist(), urllib.parse.unquote("%C3%A9"))
print([name for name in late.LATE if not is_late(name)], "inspect" in sys.modules)
"""
    assert run(LATE + QUICKLY + program) == "b'[1.5]' [1.5] é\n[] False\n"


@pytest.mark.parametrize(
    "program",
    [
        "import ast; print(ast.literal_eval('[1]'), sorted(vars(ast)), ast.__file__, ast.__cached__, ast.__doc__)",
        "import ast; print(sorted(dir(ast)))",
        "import ctypes; print(ctypes.sizeof(ctypes.c_int64), ctypes.__path__)",
        "import ctypes.util; print(ctypes.util.find_library('nothing'), ctypes.c_int(3))",
        "from ctypes import c_int, Structure; print(c_int(3), Structure)",
        "import numpy; print(numpy.arange(3).ctypes.shape[0])",
        "import dataclasses; print(dataclasses.field(default=1))",
        "import dataclasses; names = {}; exec('from dataclasses import *', names); print(sorted(names))",
        "import dataclasses; dataclasses.nothing",
        "import dataclasses; print(hasattr(dataclasses, 'nothing'), dataclasses.__name__, dataclasses.__spec__.name)",
        "import urllib.parse; print(urllib.parse.urlsplit('http://[::1]:80/').hostname)",
        "import urllib.parse; urllib.parse.urlsplit('http://[nothing]/')",
        "import pickle, numpy; print(pickle.loads(pickle.dumps({1: numpy.arange(3)})))",
        "import pickle; pickle.dumps = len; print(pickle.dumps('abc'), pickle.loads)",
        "import inspect, ast; print(inspect.getmodule(ast.literal_eval).__name__)",
    ],
)
def test_a_module_that_is_late_is_whole_when_it_is_used(program: str) -> None:
    assert _without_addresses(run(QUICKLY + program)) == _without_addresses(run("import sys\n" + program))


def test_orjson_writes_dataclasses_as_it_does_with_dataclasses_imported_first() -> None:
    program = """
import orjson, uuid
from dataclasses import InitVar, dataclass, field
from typing import ClassVar
@dataclass
class Point:
    x: int
    y: list = field(default_factory=list)
    kind: ClassVar[str] = "point"
    scale: InitVar[int] = 1
    _hidden: int = 0
print(orjson.dumps([Point(1), uuid.UUID(int=1)]), Point(2), Point.__dataclass_fields__)
"""
    at_once = "import dataclasses\n" + program
    shown = "print([name for name in ('dataclasses', 'inspect') if name in sys.modules])\n"
    assert run(QUICKLY + "import orjson\n" + program).replace("0x", "") != ""
    assert _without_addresses(run(QUICKLY + program + shown)) == _without_addresses(
        run(f"import sys\n{at_once}{shown}")
    )


def _without_addresses(text: str) -> str:
    return re.sub("0x[0-9a-f]+", "0x", text)


def test_a_thread_that_uses_a_late_module_while_another_one_imports_it_gets_it_whole(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import gate\nname = 'half'\ngate.open.wait()\nname = 'whole'\n")
    program = f"""
import threading, types
from importlib.machinery import PathFinder
sys.modules["gate"] = gate = types.ModuleType("gate")
gate.open = threading.Event()
module = late.LateModule(PathFinder.find_spec("slow", [{str(tmp_path)!r}]), {{"kept": "kept"}})
found = []
threads = [threading.Thread(target=lambda: found.append(module.name)) for _ in range(8)]
for thread in threads:
    thread.start()
    thread.join(0.02)
print(found, module.kept)
gate.open.set()
for thread in threads: thread.join()
print(found == ["whole"] * 8, type(module).__name__)
"""
    assert run(LATE + program) == "[] kept\nTrue module\n"


def test_a_late_module_whose_import_fails_is_tried_again() -> None:
    program = """
import pickle
sys.modules["_compat_pickle"] = None
for _ in range(2):
    try:
        pickle.dumps(1)
    except ImportError as error:
        print(type(error).__name__)
del sys.modules["_compat_pickle"]
print(pickle.loads(pickle.dumps(1)))
"""
    assert run(QUICKLY + program) == "ModuleNotFoundError\nModuleNotFoundError\n1\n"


def test_a_module_that_is_there_already_stays_as_it_is() -> None:
    program = """
import pickle
kept = pickle
from handlers.quick_start import quick_start
with quick_start():
    import pickle
print(pickle is kept, is_late("pickle"), is_late("ast"))
"""
    assert run(LATE + program) == "True False True\n"


@pytest.mark.parametrize("function", ["isposinf", "fix", "nanmean", "stack", "lib.stride_tricks.as_strided"])
def test_functions_of_numpy_have_their_signatures(function: str) -> None:
    program = f"import inspect, numpy; numpy.lib; print(inspect.signature(numpy.{function}), numpy.{function}.__doc__)"
    assert run(QUICKLY + program) == run(program)


def test_compiled_functions_of_the_core_may_have_no_signature() -> None:
    assert "no signature found" in run(QUICKLY + "import inspect; inspect.signature(numpy.concatenate)")


def test_another_version_of_numpy_gets_the_real_inspect() -> None:
    program = """
import sys
import handlers.numpy_core as core
core._SEEN = ()
from handlers.quick_start import quick_start
with quick_start():
    import inspect, numpy
    assert "numpy.lib" not in sys.modules
print(inspect.signature(numpy.concatenate))
"""
    assert run(program) == run("import inspect, numpy; print(inspect.signature(numpy.concatenate))")


def test_large_arrays_get_huge_pages_as_with_all_of_numpy() -> None:
    program = "import numpy; from numpy._core import multiarray; print(multiarray._get_madvise_hugepage())"
    assert run(QUICKLY + program) == run(program) == "True\n"


def test_a_numpy_that_is_there_already_stays_as_it_is() -> None:
    program = """
import sys, numpy
from handlers.quick_start import quick_start
finders = list(sys.meta_path)
with quick_start():
    print(sys.meta_path == finders)
"""
    assert run(program) == "True\n"


def test_garbage_collection_is_enabled_afterwards_and_ignores_what_was_imported() -> None:
    try:
        with quick_start():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        with pytest.raises(ImportError), quick_start():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
