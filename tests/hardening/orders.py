"""Asks packaged models in many orders: an answer does not depend on what was asked before.

    python -m tests.hardening.orders REPOSITORY [--rounds 100] [MODEL ...]

The answer of a fresh environment that is asked nothing else is the reference. A request whose prediction does not end
is left out: a loop over infinity, for example, goes on after its answer. All bytes are compared but one thing: why a
model refuses its inputs, where several of its operations do.
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handlers.contract import COLD_START_HEADER, MODEL_NAMES, MODEL_STORE_URI
from handlers.manifest import DEFAULT_SIGNATURE, MANIFEST_FILE, POINTER_FILE, Manifest, Signature
from handlers.manifest_reading import parse_manifest, parse_pointer
from handlers.serving.app import App
from handlers.serving.dialects.datatypes import DATATYPES
from handlers.serving.errors import STATUS, TookTooLong
from handlers.serving.start import open_app
from handlers.serving.warmup import warmup_inputs
from tests.handlers.serving.conftest import Context
from tests.hardening.events import infer_binary, predict

Arrays = Mapping[str, np.ndarray]
Open = Callable[[], App]
"""Makes a fresh environment."""


PATIENCE_MILLISECONDS = 5_000
"""The time of a request within which a prediction must end."""


REFUSED = "The model refused the inputs?"
"""A regular expression: how an answer begins to say which inputs a model refuses; then it says why."""


class Difference(AssertionError):
    """An answer that is not the reference's."""


def environment(uri: str, model: str) -> dict[str, str]:
    """The variables of a function that serves one model."""
    return {MODEL_STORE_URI: uri, MODEL_NAMES: model, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}


def references(fresh: Open, events: Sequence[Any]) -> list[Any]:
    """For each event, the answer of an environment that is asked nothing else."""
    return [answer for event in events for answer in _answers(fresh(), [event])]


def compare_orders(fresh: Open, events: Sequence[Any], expected: Sequence[Any], rounds: int, seed: int = 0) -> None:
    """Ask all events in random orders, each order twice: in a fresh environment, and in one that was asked all before.

    Raises Difference.
    """
    shuffled, used = random.Random(seed), fresh()  # noqa: S311 - orders, not secrets
    for _ in range(rounds):
        order = shuffled.sample(range(len(events)), len(events))
        for app, kind in ((fresh(), "a fresh"), (used, "a used")):
            answers = _answers(app, [events[index] for index in order])
            for place, (index, answer) in enumerate(zip(order, answers, strict=True)):
                if answer != expected[index] and not is_same_refusal(answer, expected[index]):
                    raise Difference(
                        f"{events[index]}\nasked as number {place} of {kind} environment:\n{answer}\n"
                        f"alone:\n{expected[index]}\norder: {order}"
                    )


def is_same_refusal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a model refuses the same inputs for another reason: where two operations fail, TensorFlow names one, and
    they run at the same time."""
    told = [re.fullmatch(rf"(.*{REFUSED} .*?\]): .*", answer.get("body", ""), re.DOTALL) for answer in (one, other)]
    if None in told or one["statusCode"] != other["statusCode"]:
        return False
    first, second = (found[1] for found in told if found)
    return first == second


def ending(root: Path, model: str) -> list[int]:
    """The requests to a model whose predictions end, by their places in `events_of`. Others go on in this process."""
    events = events_of(read_manifest(root, model))
    context = Context(milliseconds=PATIENCE_MILLISECONDS)

    def ends(event: Any) -> bool:
        (answer,) = _answers(open_app(environment(root.as_uri(), model)), [event], context)
        return answer["statusCode"] != STATUS[TookTooLong.code]

    return [place for place, event in enumerate(events) if ends(event)]


def _answers(app: App, events: Sequence[Any], context: Context | None = None) -> list[Any]:
    """The answers to events, one after the other; then the environment's connections are closed.

    Only the first answer of an environment says that it is that: this header is left out.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the log
            answers = [app.handle(event, context or Context()) for event in events]
    finally:
        app.repository.restored()
    for answer in answers:
        answer.get("headers", {}).pop(COLD_START_HEADER, None)
    return answers


def events_of(manifest: Manifest, signatures: Sequence[str] | None = None) -> list[Any]:
    """Requests to a model: its warm-up, and what can be made of it by changing shapes and values; valid or not."""
    return [
        event
        for name, values in manifest.warmup.items()
        if signatures is None or name in signatures
        for arrays in _variants(warmup_inputs(manifest.signatures[name], values), manifest.signatures[name])
        for event in _events(manifest, name, arrays)
    ]


def read_manifest(root: Path, model: str) -> Manifest:
    """The manifest of a model's current version."""
    version = parse_pointer((root / model / POINTER_FILE).read_bytes()).version
    return parse_manifest((root / model / str(version) / MANIFEST_FILE).read_bytes())


def _variants(arrays: Arrays, signature: Signature) -> Iterator[Arrays]:
    yield arrays
    yield {name: np.zeros_like(array) if array.dtype != object else array for name, array in arrays.items()}
    if all(spec.shape and spec.shape[0] == -1 for spec in signature.inputs.values()):
        for count in (0, 2, 5):
            yield {name: np.concatenate([array[:1]] * count or [array[:0]]) for name, array in arrays.items()}
    for special in (np.inf, -np.inf, np.nan, 1e30, -7.25):
        yield {name: _with_first(array, special) for name, array in arrays.items()}
    for axis in range(1, 4):
        variable = {
            n for n, spec in signature.inputs.items() if len(spec.shape or ()) > axis and spec.shape[axis] == -1
        }
        if variable:
            for size in (0, 1, 7):
                yield {n: np.resize(a, _resized(a, axis, size)) if n in variable else a for n, a in arrays.items()}


def _with_first(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    if array.size and array.dtype.kind == "f":
        changed.flat[0] = value
    elif array.size and array.dtype.kind in "iu":
        changed.flat[-1] = 99
    elif array.size and array.dtype == object:
        changed.flat[0] = b"no picture"
    return changed


def _resized(array: np.ndarray, axis: int, size: int) -> tuple[int, ...]:
    return (*array.shape[:axis], size, *array.shape[axis + 1 :])


def _events(manifest: Manifest, name: str, arrays: Arrays) -> Iterator[Any]:
    signature = manifest.signatures[name]
    if all(array.dtype.kind in "biuf" for array in arrays.values()):
        columns = {key: array.tolist() for key, array in arrays.items()}
        named = {} if name == DEFAULT_SIGNATURE else {"signature_name": name}
        yield predict(json.dumps({**named, "inputs": columns}), manifest.model)
    if all(spec.dtype in DATATYPES for spec in signature.inputs.values()):
        raw = {key: _raw(array) for key, array in arrays.items()}
        inputs = [
            {
                "name": key,
                "datatype": DATATYPES[signature.inputs[key].dtype],
                "shape": list(array.shape),
                "parameters": {"binary_data_size": len(raw[key])},
            }
            for key, array in arrays.items()
        ]
        parameters = {"signature_name": name, "binary_data_output": True}
        yield infer_binary({"parameters": parameters, "inputs": inputs}, b"".join(raw.values()), manifest.model)


def _raw(array: np.ndarray) -> bytes:
    if array.dtype != object:
        return array.tobytes()
    return b"".join(len(value).to_bytes(4, "little") + value for value in array.reshape(-1))


def main() -> int:
    """Compare every model of a repository; the exit code is 1 where an answer depends on the order."""
    parser = argparse.ArgumentParser(prog="python -m tests.hardening.orders", description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    differing = 0
    for model in options.models or sorted(path.name for path in options.repository.iterdir()):
        said, differs = _outcome(options.repository.resolve(), model, options.rounds)
        differing += differs
        sys.stdout.write(f"{model}: {said}\n")
        sys.stdout.flush()
    return 1 if differing else 0


def _outcome(root: Path, model: str, rounds: int) -> tuple[str, bool]:
    every = events_of(read_manifest(root, model))
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # what goes on ends with that process
        events = [every[place] for place in pool.apply(ending, (root, model))]
    if not events:
        return "has no warm-up to make requests of", False

    def fresh() -> App:
        return open_app(environment(root.as_uri(), model))

    expected = references(fresh, events)
    statuses = sorted({answer["statusCode"] for answer in expected})
    try:
        compare_orders(fresh, events, expected, rounds)
    except Difference as difference:
        return str(difference), True
    left_out = f"; {len(every) - len(events)} requests do not end" if len(every) > len(events) else ""
    return f"{rounds} orders of {len(events)} requests are byte-identical; statuses {statuses}{left_out}", False


if __name__ == "__main__":
    sys.exit(main())
