"""A process that answers traffic over many models with the real handler, and measures each request.

`python -m benchmarks.traffic` reads `{"events": ["a.json", …], "traffic": [0, 5, 0, …]}` from standard input. It writes
for each request: seconds, status, whether the model was loaded for it, and the process's memory in bytes afterwards.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.function_processes import take_stdout
from benchmarks.worker import Context, load_call
from handlers.contract import MULTI_MODEL_HANDLER
from handlers.serving.engines import litert
from models.packaging.process_memory import resident_bytes


class CountedModel(litert.LiteRTModel):
    """The engine, with a counter of its loads."""

    loads = 0

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        CountedModel.loads += 1


def answer(events: Sequence[Mapping[str, Any]], traffic: Sequence[int]) -> dict[str, Any]:
    """Answer the requests one after the other, as a function's process does; `traffic` has indices of `events`."""
    litert.LiteRTModel = CountedModel  # pyright: ignore[reportPrivateImportUsage]
    handler, context, clock = load_call(MULTI_MODEL_HANDLER), Context(), time.perf_counter
    found: dict[str, Any] = {
        "empty_bytes": resident_bytes(),
        "seconds": [],
        "statuses": [],
        "loaded": [],
        "resident": [],
    }
    for item in traffic:
        loads, began = CountedModel.loads, clock()
        status = handler(events[item], context)["statusCode"]
        found["seconds"].append(clock() - began)
        found["statuses"].append(status)
        found["loaded"].append(CountedModel.loads > loads)
        found["resident"].append(resident_bytes())
    return found


if __name__ == "__main__":
    question = json.load(sys.stdin)
    requests = [json.loads(Path(path).read_bytes()) for path in question["events"]]
    with take_stdout() as stdout:
        json.dump(answer(requests, question["traffic"]), stdout)
