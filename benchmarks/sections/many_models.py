"""Many models in one function: traffic over a hundred models, with memory for twenty."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.caching import belady_hits, lru_hits, most_popular_hits, zipf_traffic
from benchmarks.figures import Figure, none_of, ratio_figure
from benchmarks.function_processes import run_module
from benchmarks.markdown import megabytes, milliseconds, picture, table
from benchmarks.requests import event_for
from benchmarks.sections.warm_calls import Turn, take_turns
from benchmarks.statistics import median, medians, paired_ratio, percentile
from benchmarks.subjects import FAMILY, FamilyOfModels
from handlers.contract import (
    MODEL_CACHE_BYTES,
    MODEL_NAMES,
    MODEL_STORE_URI,
    MULTI_MODEL_HANDLER,
    SINGLE_MODEL_HANDLER,
    join_model_names,
)
from handlers.manifest import DEFAULT_SIGNATURE, MANIFEST_FILE
from handlers.manifest_reading import parse_manifest
from handlers.serving.footprint import ENGINE_BYTES

TITLE = "A hundred models, room for twenty"
ROOM = 20
EXPONENT = 1.0
SEED = 20260101


def measure(quick: bool) -> dict[str, Any]:
    """Send traffic to one process, then compare a warm hit with the handler of a single model."""
    family = FAMILY
    family.prepare()
    model_bytes = _model_bytes(family)
    budget = ENGINE_BYTES["litert"] + ROOM * model_bytes
    traffic = zipf_traffic(family.size, 300 if quick else 5000, EXPONENT, SEED)
    print(f"  {len(traffic)} requests over {family.size} models", flush=True)
    found = _answer(family, traffic, budget)
    print("  a warm hit beside the handler of a single model", flush=True)
    hits = _hit_beside_single(family, budget, *((2, 20) if quick else (30, 200)))
    return {"model_bytes": model_bytes, "budget_bytes": budget, "traffic": traffic, "hits": hits, **found}


def figures(data: Mapping[str, Any]) -> Sequence[Figure]:
    """Hit ratio, memory, failures, and the cost of a hit."""
    ratios = _hit_ratios(data)
    over = (max(data["resident"]) - data["empty_bytes"] - data["budget_bytes"]) / data["model_bytes"]
    failed = sum(status != 200 for status in data["statuses"])
    hit = paired_ratio(medians(data["hits"]["multi"]), medians(data["hits"]["single"]))
    best = "an exact least-recently-used cache's"
    return [
        none_of("100 models, room for 20: failed requests", failed),
        Figure(
            what=f"100 models, room for 20: hit ratio beside {best}",
            value=ratios["handler"] / ratios["lru"],
            unit="×",
            sense="at least",
            bound=0.9,
        ),
        Figure(
            what="100 models, room for 20: resident memory over the budget at its highest",
            value=over,
            unit=" models",
            sense="at most",
            bound=1,
        ),
        ratio_figure("a warm hit beside the handler of a single model", hit, "at most", 1.05),
    ]


def write(data: Mapping[str, Any], images: Path) -> str:
    """Hit ratios, latencies, and memory over the requests."""
    hit, missed = _split(data)
    ratios = _hit_ratios(data)
    title = "100 models, room for 20: resident memory after each request"
    plots.lines(
        images / "many-models.svg",
        title,
        ("request", "MB"),
        {"resident": [value / 1e6 for value in data["resident"]]},
        {
            "budget": (data["empty_bytes"] + data["budget_bytes"]) / 1e6,
            "budget and one model": (data["empty_bytes"] + data["budget_bytes"] + data["model_bytes"]) / 1e6,
        },
    )
    latencies = [
        [name, str(len(times)), milliseconds(median(times)), milliseconds(percentile(times, 0.99))]
        for name, times in (("all", data["seconds"]), ("model in memory", hit), ("model loaded first", missed))
        if times
    ]
    caches = [
        ["the handler", f"{ratios['handler']:.3f}"],
        ["an exact least-recently-used cache", f"{ratios['lru']:.3f}"],
        ["the 20 most requested models, known beforehand", f"{ratios['popular']:.3f}"],
        ["the best possible cache, which knows all future requests (Belady)", f"{ratios['belady']:.3f}"],
    ]
    single, multi = medians(data["hits"]["single"]), medians(data["hits"]["multi"])
    return "\n".join(
        [
            f"{len(data['traffic'])} JSON requests follow one another. Zipf's law (exponent {EXPONENT:g}) chooses each "
            f"request's model out of 100, which differ only in their names and files; each takes "
            f"{megabytes(data['model_bytes'])} in memory. `{MODEL_CACHE_BYTES}` leaves room for {ROOM} models and the "
            "engine. The page cache is warm.\n",
            table(["cache", "hit ratio"], caches),
            "Only a cache that knows future requests can reach Belady's ratio. The handler's cache evicts the least "
            "recently used model, so its target is the ratio of an exact cache of this kind.\n",
            table(["request", "number", "median", "p99"], latencies),
            f"A warm hit takes {milliseconds(median(multi))}. In the handler of a single model, asked in turn, it "
            f"takes {milliseconds(median(single))}.\n",
            picture("many-models.svg", title),
        ]
    )


def _model_bytes(family: FamilyOfModels) -> int:
    """The memory of one model, from its manifest."""
    manifest = parse_manifest((family.repository / family.members[0] / "1" / MANIFEST_FILE).read_bytes())
    return manifest.artifact_for(DEFAULT_SIGNATURE).memory_bytes


def _variables(family: FamilyOfModels, members: Sequence[str], budget: int) -> dict[str, str]:
    return {
        MODEL_STORE_URI: family.repository.as_uri(),
        MODEL_NAMES: join_model_names(members),
        MODEL_CACHE_BYTES: str(budget),
    }


def _answer(family: FamilyOfModels, traffic: Sequence[int], budget: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        events: list[str] = []
        for member in family.members:
            path = Path(name) / f"{member}.json"
            path.write_text(json.dumps(event_for(family.subject(member), plain=False)), encoding="utf-8")
            events.append(str(path))
        variables = _variables(family, family.members, budget)
        question = json.dumps({"events": events, "traffic": traffic})
        return json.loads(run_module("benchmarks.traffic", variables=variables, stdin=question))


def _hit_beside_single(family: FamilyOfModels, budget: int, rounds: int, calls: int) -> dict[str, list[list[float]]]:
    event = event_for(family.subject(family.members[0]), plain=False)
    of_all, of_one = _variables(family, family.members, budget), _variables(family, family.members[:1], budget)
    turns = {
        "multi": Turn(handler=MULTI_MODEL_HANDLER, variables=of_all, event=event),
        "single": Turn(handler=SINGLE_MODEL_HANDLER, variables=of_one, event=event),
    }
    return take_turns(turns, rounds, calls)


def _hit_ratios(data: Mapping[str, Any]) -> dict[str, float]:
    traffic = data["traffic"]
    hits = {
        "handler": [not loaded for loaded in data["loaded"]],
        "lru": lru_hits(traffic, ROOM),
        "popular": most_popular_hits(traffic, ROOM),
        "belady": belady_hits(traffic, ROOM),
    }
    return {name: sum(found) / len(traffic) for name, found in hits.items()}


def _split(data: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    pairs = list(zip(data["seconds"], data["loaded"], strict=True))
    return [seconds for seconds, loaded in pairs if not loaded], [seconds for seconds, loaded in pairs if loaded]
