"""The demonstration: deploys both modes, predicts every held-out example over HTTP and compares the results."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from handlers.manifest import DEFAULT_SIGNATURE
from local.api_client import ApiClient
from local.held_out import ACCURACY, HeldOut, read_held_out
from local.shapes import Mode
from local.stack import LocalStack, StartStack
from local.stack_config import PROJECT
from local.table import table

BATCH = 64
"""Examples in a request of the held-out set."""

WARM_REQUESTS = 50
"""Requests with one example each; their median is the warm latency."""


class DemoError(Exception):
    """A request of the demonstration failed; the message has the last lines of the functions' logs."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The results for one signature of one model."""

    mode: str
    held_out: HeldOut
    signature: str
    engine: str
    figure: float
    cold_seconds: float
    warm_seconds: float

    @property
    def agrees(self) -> bool:
        """Whether the figure equals the SavedModel's."""
        return self.held_out.agrees(self.figure)


def run_demo(start: StartStack, overrides: Mapping[str, str]) -> bool:
    """Print the demonstration. Returns whether every figure agrees. Raises DemoError and what `local_stack` raises."""
    print(
        "Deploying the unmodified __main__.py into an emulated AWS on this machine (auth=none: no signatures checked)."
    )
    measured: list[Measured] = []
    not_emulated: dict[str, None] = {}
    for mode in get_args(Mode):
        started = time.monotonic()
        with start({**overrides, "mode": mode}) as deployed:
            count, seconds = len(deployed.deployment.resources), time.monotonic() - started
            functions = len(deployed.invocations.functions())
            print(
                f"  storage {deployed.setting('storage')}, mode {mode}: {count} resources, "
                f"{functions} function{'s' * (functions > 1)}, in {seconds:.1f} s",
                flush=True,
            )
            measured += _measure(deployed, mode)
            not_emulated |= dict.fromkeys(deployed.not_emulated)
    _print_table(measured)
    for each in not_emulated:
        print(f"Not emulated here: {each}.")
    return _conclude(measured)


def _measure(stack: LocalStack, mode: str) -> list[Measured]:
    measured: list[Measured] = []
    with ApiClient(stack.api_url) as client:
        for model in stack.models:
            held_out = read_held_out(PROJECT / "build", model)
            if held_out is None:
                print(f"  {model}: skipped, because build/exports has no held-out set to compare with")
                continue
            measured += [_measure_signature(stack, client, mode, held_out, each) for each in held_out.signatures]
    return measured


def _measure_signature(stack: LocalStack, client: ApiClient, mode: str, held_out: HeldOut, signature: str) -> Measured:
    def predict(start: int, stop: int) -> list[Any]:
        path, body = f"/v1/models/{held_out.model}:predict", held_out.predict_body(signature, start, stop)
        status, answer = client.request("POST", path, body)
        if status != 200:
            raise DemoError(f"POST {path} returned {status}: {answer}\n{stack.log_tails()}")
        return answer["predictions"]

    stack.invocations.recycle(stack.function_of(held_out.model))
    cold = _seconds(lambda: predict(0, 1))
    predictions = [each for start in range(0, held_out.size, BATCH) for each in predict(start, start + BATCH)]
    warm = statistics.median(
        _seconds(lambda index=index: predict(index % held_out.size, index % held_out.size + 1))
        for index in range(WARM_REQUESTS)
    )
    return Measured(
        mode=mode,
        held_out=held_out,
        signature=signature,
        engine=held_out.manifest.artifact_for(signature).engine,
        figure=held_out.figure_of(predictions),
        cold_seconds=cold,
        warm_seconds=warm,
    )


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _print_table(measured: Sequence[Measured]) -> None:
    header = "mode|model|signature|engine|held out|metric|over HTTP|SavedModel|agree|cold start|warm median"
    rows = [
        [
            each.mode,
            each.held_out.model,
            "default" if each.signature == DEFAULT_SIGNATURE else each.signature,
            each.engine,
            str(each.held_out.size),
            "accuracy" if each.held_out.metric == ACCURACY else "mean error",
            _figure(each.held_out, each.figure),
            _figure(each.held_out, each.held_out.figure),
            "yes" if each.agrees else "NO",
            f"{each.cold_seconds:.2f} s",
            f"{each.warm_seconds * 1000:.1f} ms",
        ]
        for each in measured
    ]
    print()
    print(table(header.split("|"), rows, right={4, 6, 7, 9, 10}))
    print()
    print("over HTTP: every held-out example, through API Gateway and Lambda. SavedModel: computed by TensorFlow.")
    print("cold start: the first request to a new function worker. warm median: of requests with one example each.")


def _figure(held_out: HeldOut, value: float) -> str:
    return f"{value:.2%}" if held_out.metric == ACCURACY else f"{value:.3f}"


def _conclude(measured: Sequence[Measured]) -> bool:
    print()
    if wrong := [each for each in measured if not each.agrees]:
        names = ", ".join(f"{each.held_out.model} ({each.signature}, mode {each.mode})" for each in wrong)
        print(f"These differ from their SavedModel: {names}")
        return False
    if not measured:
        print("Nothing was compared: none of the models has a held-out set. Try: make models")
        return False
    models = len({each.held_out.model for each in measured})
    examples = sum(each.held_out.size for each in measured)
    print(
        f"{models} models in {len(get_args(Mode))} modes answered {examples} held-out examples over HTTP as well "
        "as their SavedModels."
    )
    return True
