"""A load of hundreds of requests a second against a stack of this machine, by this project's generator and another."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, none_of
from benchmarks.load_tools import PERCENTILES, ours, theirs, vegeta
from benchmarks.markdown import table
from benchmarks.requests import event_for
from benchmarks.statistics import median
from benchmarks.subjects import prepare, repository
from local.stack import local_stack

TITLE = "A load of hundreds of requests a second"

MODEL = "iris"
RATE = 500
"""Requests a second that are asked for, about as many as two processors answer while they also ask."""
RATE_COMPARED = 100
"""Requests a second at which the two tools are compared. No request waits for another one here: near the highest rate,
the percentiles say how long the queue was, and the two tools' processor time is part of that."""
AT_A_TIME = 8
"""How many requests are worked on at a time. The others wait, as they would for a processor of this machine."""
OVERHEAD_AT_MOST = 0.05
"""What the generator computes for a request, beside the time of one."""
DIFFERENCE_AT_MOST = 0.1
"""Of a percentile between the two tools."""


def measure(quick: bool) -> dict[str, Any]:
    """Let both tools ask one stack by turns. Raises VegetaMissing."""
    vegeta()
    rounds, rate, compared, seconds = (1, 50, 20, 2) if quick else (3, RATE, RATE_COMPARED, 60)
    (subject,) = prepare([MODEL])
    body = event_for(subject, plain=False)["body"].encode()
    settings = {"storage": "s3", "mode": "multi", "models": f'["{MODEL}"]'}
    held: list[dict[str, Any]] = []
    by_turns: list[dict[str, Any]] = []
    settings["modelRepository"] = str(repository("tflite"))
    with local_stack(settings, most_invocations=AT_A_TIME) as stack:
        ours(stack.api_url, MODEL, rate // 10, 5)  # starts the environments
        for number in range(rounds):
            print(f"  round {number + 1} of {rounds}", flush=True)
            held.append(ours(stack.api_url, MODEL, rate, seconds))
            by_turns.append(
                {
                    "ours": ours(stack.api_url, MODEL, compared, seconds),
                    "theirs": theirs(f"{stack.api_url}/v1/models/{MODEL}:predict", body, compared, seconds),
                }
            )
    return {"rate": rate, "compared": compared, "seconds": seconds, "held": held, "byTurns": by_turns}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """Whether the rate was kept without errors, at what price, and whether the tools agree."""
    held = data["held"]
    return [
        Figure(
            what=f"load of {data['rate']} requests a second: rate",
            value=min(each["rate"] for each in held),
            unit=" a second",
            sense="at least",
            bound=0.99 * data["rate"],
        ),
        none_of("load: requests that failed", sum(each["sent"] - each["answered"] for each in held)),
        Figure(
            what="load: the generator's own part of a request's time",
            value=median([each["overhead"] for each in held]),
            unit="",
            sense="at most",
            bound=OVERHEAD_AT_MOST,
        ),
        Figure(
            what=f"load of {data['compared']} requests a second: largest difference of a percentile from vegeta's",
            value=max(abs(ratio - 1) for ratio in _ratios(data).values()),
            unit="",
            sense="at most",
            bound=DIFFERENCE_AT_MOST,
        ),
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """One table."""
    rows = [
        [
            name,
            *(f"{_latency(data, tool, name):.2f} ms" for tool in ("ours", "theirs")),
            f"{_ratios(data)[name]:.2f}×",
        ]
        for name in PERCENTILES
    ]
    return "\n".join(
        [
            f"`python -m ops load` and vegeta ask one model of a stack of this machine by turns, {data['compared']} "
            f"requests a second for {data['seconds']} s each, {len(data['byTurns'])} times. Stack, functions and "
            "generator share this machine's processors. The percentiles are medians of the rounds. At "
            f"{data['rate']} requests a second, `ops load` had half of the answers after "
            f"{median([each['latencyMs']['p50'] for each in data['held']]):.0f} ms: this is the queue for the "
            "processors.\n",
            table(["", "`ops load`", "vegeta", "ratio"], rows, numbers_from=1),
        ]
    )


def _ratios(data: Mapping[str, Any]) -> Mapping[str, float]:
    return {name: _latency(data, "ours", name) / _latency(data, "theirs", name) for name in PERCENTILES}


def _latency(data: Mapping[str, Any], tool: str, percentile: str) -> float:
    return median([each[tool]["latencyMs"][percentile] for each in data["byTurns"]])
