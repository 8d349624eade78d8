"""Results as the sections record them, made up so that every ratio is known."""

from typing import Any

from benchmarks.caching import lru_hits
from benchmarks.records import Record
from benchmarks.sections.many_models import ROOM
from benchmarks.ways import WAYS

COLD_SECONDS = {
    "litert": 0.1,
    "onnx": 0.2,
    "frozen_graph": 0.5,
    "saved_model": 1.0,
    "saved_model_load": 2.0,
    "keras": 4.0,
}
TRAFFIC = list(range(25)) + list(range(24, -1, -1))


def records(**changes: dict[str, Any]) -> list[Record]:
    """A record of every section; `changes` replace keys of a section's data."""
    made = {
        "handler-start": handler_start(),
        "cold-start": cold_start(),
        "warm-calls": warm_calls(),
        "many-models": many_models(),
        "fetch": fetch(),
        "image-sizes": image_sizes(),
        "container-start": container_start(),
        "peers": peers(),
        "litert-ways": litert_ways(),
        "convolutions": convolutions(),
        "checksums": {"files": [{"bytes": 100_000_000, "blake3": [0.01], "sha256": [0.05]}]},
        "sizes": sizes(),
        "growth": growth(),
        "load": load(),
    }
    return [
        Record(
            section=name,
            quick=False,
            started="2026-01-01 12:00",
            seconds=90.0,
            load_before=0.1,
            machine={"processor": "one of a kind, 2 cores", "Python": "3.11.7"},
            data={**data, **changes.get(name.replace("-", "_"), {})},
        )
        for name, data in made.items()
    ]


def peers() -> dict[str, Any]:
    """This handler is first for one model, and not for the other, which two runtimes refuse."""
    return {
        "subjects": {
            "mobilenet_v2": _beside_peers(
                ours=1, uncompared=0.9, onnxruntime=2, litert_alone=1.02, openvino=3, tensorflow=30
            ),
            "gru": _beside_peers(ours=4, uncompared=3.9, onnxruntime=2, tensorflow=30),
        }
    }


def _beside_peers(**factors: float) -> dict[str, Any]:
    def starts(seconds: float) -> list[dict[str, float]]:
        return [{"answered_seconds": seconds, "peak_memory_bytes": 100e6 * seconds, "read_bytes": 50e6 * seconds}]

    return {
        "refused": {},
        "warm_cache": {key: starts(0.1 * factor) for key, factor in factors.items()},
        "dropped_cache": {key: starts(0.2 * factor) for key, factor in factors.items()},
        "calls": {key: [[0.001 * factor]] for key, factor in factors.items() if key != "uncompared"},
    }


def image_sizes() -> dict[str, Any]:
    return {
        "base": 100_000_000,
        "litert": 150_000_000,
        "onnxruntime": 190_000_000,
        "tensorflow": 800_000_000,
        "plain": 1_800_000_000,
    }


def container_start() -> dict[str, Any]:
    seconds = {"litert": 0.5, "frozen_graph": 1.0, "saved_model_load": 4.0, "keras": 6.0}
    runs = [{"subject": "mobilenet_v2", "way": way, "seconds": took} for way, took in seconds.items()]
    return {"nothing": [0.25], "runs": runs}


def handler_start() -> dict[str, Any]:
    return {"rounds": {"python": [0.02], "numpy": [0.1], "numpy_core": [0.05], "ready": [0.12], "alive": [0.13]}}


def cold_start() -> dict[str, Any]:
    return {
        "runs": [
            {
                "cache": cache,
                "subject": "mobilenet_v2",
                "way": way.key,
                "answered_seconds": COLD_SECONDS[way.key] * slower,
                "ready_seconds": COLD_SECONDS[way.key] * slower / 2,
                "read_bytes": 80_000_000,
                "peak_memory_bytes": 100_000_000,
            }
            for cache, slower in (("warm", 1), ("dropped", 2))
            for way in WAYS
        ]
    }


def warm_calls() -> dict[str, Any]:
    network = {way.key: [[COLD_SECONDS[way.key] / 100] * 3] for way in WAYS}
    overhead = {"handler": [[0.0022]], "engine": [[0.0020]]}
    ways = {"litert": overhead, "onnx": overhead, "frozen_graph": overhead}
    return {"calls": {"mobilenet_v2": network}, "overhead": {"mobilenet_v2": ways, "iris": ways}}


def many_models() -> dict[str, Any]:
    return {
        "model_bytes": 10,
        "budget_bytes": 200,
        "empty_bytes": 50,
        "traffic": TRAFFIC,
        "seconds": [0.001] * len(TRAFFIC),
        "statuses": [200] * len(TRAFFIC),
        "loaded": [not hit for hit in lru_hits(TRAFFIC, ROOM)],
        "resident": [60] * (len(TRAFFIC) - 1) + [255],
        "hits": {"multi": [[0.0102]], "single": [[0.0100]]},
    }


def growth() -> dict[str, Any]:
    def stack(mode: str, models: int, preview_seconds: float, **more: Any) -> dict[str, Any]:
        return {
            **{"mode": mode, "storage": "s3", "models": models, "born_empty": False, "deployed": True},
            **{"resources": 20 * models, "preview_seconds": preview_seconds, **more},
        }

    made = {"up_seconds": 4.0, "ask_seconds": 1.0, "again_seconds": 2.0, "changed_again": 0}
    return {
        "stacks": [
            stack("multi", 1000, 1.0, born_empty=True, publish_seconds=9.0, answered=1000, **made),
            stack("single", 10, 5.0, answered=10, **made),
            stack("single", 100, 50.0, deployed=False),
        ]
    }


def litert_ways() -> dict[str, Any]:
    run = {"answered_seconds": 0.2, "call_seconds": 0.02, "resident_bytes": 200_000_000, "answer": [0.5]}
    ways = ("interpreter", "compiled", "cached")
    together = {way: {"2": 300_000_000, "8": 900_000_000} for way in ways}
    network = {
        "model_bytes": 100_000_000,
        "cache_bytes": 100_000_000,
        "runs": {way: [run] for way in ways},
        "together": together,
    }
    return {"subjects": {"resnet50": network}}


def convolutions() -> dict[str, Any]:
    """A long one that is split in half of the time, a shorter one that stays whole, and a transposed one."""
    return {
        "long": [
            {
                "shape": [1, 128, 1, 64, 1024, 128],
                **{"parts": 15, "is_split": True, "long": 9216, "before": [0.02, 0.02], "after": [0.01, 0.01]},
            },
            {
                "shape": [28, 28, 3, 3, 576, 512],
                **{"parts": 2, "is_split": False, "long": 9216, "before": [0.01], "after": [0.01]},
            },
        ],
        "transposed": [{"shape": [64, 64, 2, 2, 64, 32, 2], "before": [0.06, 0.06], "after": [0.01, 0.01]}],
    }


def sizes() -> dict[str, Any]:
    """All is linear, but the last row of a batch takes twice its share; a process takes 100 MiB beside two models."""

    def of_weights(size: int) -> dict[str, float]:
        times = {"cold_seconds": 0.1 + size / 1e9, "warm_seconds": size / 1e10}
        return {"bytes": size, "peak_bytes": 2 * size + (100 << 20), **times}

    bodies = [
        {"json_bytes": size, "json_seconds": size / 1e8, "raw_bytes": size, "raw_seconds": size / 1e9}
        for size in (1_000, 1_000_000)
    ]
    alone = {"models": 1, "seconds": 1e-4, "load_seconds": 1e-3, "resident_bytes": 100_000_000}
    return {
        "weights": [of_weights(10**6), of_weights(10**9)],
        "batches": [{"rows": 1, "seconds": 0.001}, {"rows": 100, "seconds": 0.2}],
        "bodies": bodies,
        "loaded": [alone, {**alone, "models": 300, "seconds": 1.1e-4}],
    }


def load() -> dict[str, Any]:
    """The other tool's percentiles are 5 % higher; the generator computes for 4 % of a request's time."""
    latencies = {"p50": 2.0, "p90": 4.0, "p95": 5.0, "p99": 10.0}
    mine = {"sent": 1000, "answered": 1000, "rate": 500.0, "overhead": 0.04, "latencyMs": latencies}
    other = {**mine, "latencyMs": {name: value * 1.05 for name, value in latencies.items()}}
    return {
        "rate": 500,
        "compared": 100,
        "seconds": 60,
        "held": [{**mine, "latencyMs": {name: value * 10 for name, value in latencies.items()}}],
        "byTurns": [{"ours": {**mine, "rate": 100.0}, "theirs": {**other, "rate": 100.0}}],
    }


def fetch() -> dict[str, Any]:
    rounds = {"store": [0.5], "s5cmd": [1.0], "s5cmd_tuned": [0.4], "get_object": [3.0]}
    return {"rounds": rounds, "size": 200_000_000, "connection_rate": 60_000_000}
