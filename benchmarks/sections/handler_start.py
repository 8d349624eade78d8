"""The start of the handler without a model: Python, the runtime client and our code."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, ratio_figure
from benchmarks.markdown import seconds, table
from benchmarks.paths import PROJECT
from benchmarks.process_start import Start, cold_start
from benchmarks.statistics import median, paired_ratio
from benchmarks.subjects import FAMILY, FamilyOfModels
from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, MULTI_MODEL_HANDLER, join_model_names
from models.profiling.environment import function_environment
from models.profiling.http_event import http_event

TITLE = "The handler without a model"
LABELS = {
    "python": '`python -c ""`',
    "numpy": '`python -c "import numpy"`',
    "numpy_core": "the same inside `handlers.quick_start`",
    "ready": "the handler asks for its first event",
    "alive": "the handler has answered `GET /v2/health/live`",
}


def measure(quick: bool) -> dict[str, Any]:
    """Measure all starts in turn, round after round."""
    family = FAMILY
    family.prepare()
    rounds: dict[str, list[float]] = {name: [] for name in LABELS}
    for number in range(-1, 3 if quick else 30):  # the round -1 fills the page cache
        start = _handler(family)
        found = {
            "python": _command(""),
            "numpy": _command("import numpy"),
            "numpy_core": _command("from handlers.quick_start import quick_start\nwith quick_start(): import numpy"),
            "ready": start.ready_seconds,
            "alive": start.answered_seconds,
        }
        if number >= 0:
            for name, value in found.items():
                rounds[name].append(value)
    return {"rounds": rounds}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """Ready beside an import of numpy."""
    ratio = paired_ratio(data["rounds"]["ready"], data["rounds"]["numpy"])
    what = 'start of the handler until ready, without a model, beside `python -c "import numpy"`'
    return [ratio_figure(what, ratio, "at most", 1.5)]


def write(data: Mapping[str, Any], images: Path) -> str:
    """One table."""
    rows = [
        [LABELS[name], seconds(median(times)), seconds(min(times)), seconds(max(times))]
        for name, times in data["rounds"].items()
    ]
    return "\n".join(
        [
            "`python -m awslambdaric handlers.multi_model.handler` with models in its repository that no request asks "
            "for. Times run from just before the process starts; the times of commands run until they end.\n",
            table(["start", "median", "fastest", "slowest"], rows),
        ]
    )


def _handler(family: FamilyOfModels) -> Start:
    variables = {MODEL_STORE_URI: family.repository.as_uri(), MODEL_NAMES: join_model_names(family.members)}
    return cold_start(MULTI_MODEL_HANDLER, variables, http_event("GET", "/v2/health/live"))


def _command(code: str) -> float:
    return _timed(
        lambda: subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=function_environment({}), check=True)
    )


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
