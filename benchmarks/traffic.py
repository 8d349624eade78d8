"""A process that answers traffic over many models with the real handler, and notes what each request cost.

Started as `python -m benchmarks.traffic`, it reads `{"events": ["a.json", …], "traffic": [0, 5, 0, …]}` from standard
input and writes, per request: seconds, status, whether the model had to be loaded, and bytes resident afterwards.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.worker import Context, load_call
from handlers.contract import MULTI_MODEL_HANDLER
from handlers.serving.engines import litert

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes() -> int:
    """What this process has in memory, files that are mapped included."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


class CountedModel(litert.LiteRTModel):
    """The engine as it is, which counts how often it loads."""

    loads = 0

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        CountedModel.loads += 1


def answer(events: Sequence[Mapping[str, Any]], traffic: Sequence[int]) -> dict[str, Any]:
    """Answer the requests one after the other, as one function's process does."""
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
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # handlers log to standard output
    question = json.load(sys.stdin)
    files = [json.loads(Path(path).read_bytes()) for path in question["events"]]
    with protocol:
        json.dump(answer(files, question["traffic"]), protocol)
