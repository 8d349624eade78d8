"""A process that answers once with LiteRT in one of three ways, and measures itself.

    python -m benchmarks.baselines.litert_ways WAY MODEL CACHE

WAY is `interpreter`, `compiled` (the newer `CompiledModel`), or `cached` (the same, with XNNPACK's packed weights kept
in the file CACHE). It writes a JSON object, and ends when its standard input does. The model has one float32 input.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from models.packaging.process_memory import resident_bytes

THREADS = 2
CALLS = 30

Call = Callable[[], np.ndarray]


def interpreter(path: str, _cache: str) -> Call:
    """LiteRT's interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    model: Any = Interpreter(model_path=path, num_threads=THREADS)
    (feature,), (output,) = model.get_input_details(), model.get_output_details()
    numbers = _numbers(feature["shape_signature"])
    model.resize_tensor_input(feature["index"], numbers.shape, strict=True)
    model.allocate_tensors()

    def call() -> np.ndarray:
        model.set_tensor(feature["index"], numbers)
        model.invoke()
        return model.get_tensor(output["index"])

    return call


def compiled(path: str, cache: str) -> Call:
    """LiteRT's `CompiledModel`."""
    from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Options

    options = Options(cpu_options=CpuOptions(num_threads=THREADS, xnnpack_weight_cache_path=cache))
    model: Any = CompiledModel.from_file(path, options=options)
    ((name, signature),) = model.get_signature_list().items()
    details = model.get_input_tensor_details(name)[signature["inputs"][0]]
    numbers = _numbers(details.get("shape_signature", details["shape"]))
    model.resize_input_tensor(0, numbers.shape)
    (given,), (taken,) = model.create_input_buffers(0), model.create_output_buffers(0)
    size = int(np.prod(model.get_output_tensor_details(name)[signature["outputs"][0]]["shape"]))

    def call() -> np.ndarray:
        given.write(numbers)
        model.run_by_index(0, [given], [taken])
        return taken.read(size, np.float32)

    return call


def _numbers(shape: Any) -> np.ndarray:
    """An input of one row."""
    sizes = [1 if size < 0 else int(size) for size in shape]
    return (np.arange(np.prod(sizes), dtype=np.float32) % 65 / 64).reshape(sizes)


def main() -> None:
    """Measure, write, and wait."""
    began = time.perf_counter()
    way, model, cache = sys.argv[1:]
    call = interpreter(model, "") if way == "interpreter" else compiled(model, cache if way == "cached" else "")
    answer = call()
    answered = time.perf_counter() - began
    taken = list[float]()
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    found = {
        "answered_seconds": answered,
        "call_seconds": statistics.median(taken),
        "resident_bytes": resident_bytes(),
        "answer": answer.reshape(-1)[:16].tolist(),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
