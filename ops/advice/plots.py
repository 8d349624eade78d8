"""Plots of an advice: cost by traffic, latency of each option, burst credits over time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from ops.advice.choice import cost_at
from ops.advice.estimate import Estimate
from ops.advice.options import Option, Workload
from ops.simulation.file_system import GIB

COLOURS = {"s3": "#1f77b4", "efs": "#d62728", "s3files": "#2ca02c", "image": "#9467bd"}
LINES = {"on demand": "-", "SnapStart": "--", "provisioned": ":"}
FACTORS = np.logspace(-2, 1, 60)


def write(directory: Path, results: Mapping[Option, Estimate | str], workload: Workload) -> Iterator[Path]:
    """Write the plots as SVG; yields their files. The same results give the same bytes."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "advice", "svg.fonttype": "none", "font.size": 9})
    directory.mkdir(parents=True, exist_ok=True)
    estimates = [each for each in results.values() if isinstance(each, Estimate)]
    mode = "multi" if any(each.option.mode == "multi" for each in estimates) else "single"
    chosen = [each for each in estimates if each.option.mode == mode]
    yield _save(_cost(chosen), directory / "cost.svg")
    yield _save(_latency(chosen, workload), directory / "latency.svg")
    for each in chosen:
        files = each.run.file_system
        if files is not None and files.mode == "bursting" and each.option.concurrency == "on demand":
            yield _save(_credits(files.history), directory / "credits.svg")


def _cost(estimates: Sequence[Estimate]) -> Any:
    figure, axes = _axes()
    for each in estimates:
        requests = each.run.requests * FACTORS
        costs = [cost_at(each, factor) for factor in FACTORS]
        style = {"color": COLOURS[each.option.storage], "linestyle": LINES[each.option.concurrency]}
        axes.loglog(requests, costs, label=f"{each.option.storage}, {each.option.concurrency}", **style)
    axes.set_xlabel("requests a month, with the same shape and share of starts")
    axes.set_ylabel("US dollars a month, deployments included")
    axes.legend(fontsize=7)
    return figure


def _latency(estimates: Sequence[Estimate], workload: Workload) -> Any:
    figure, axes = _axes()
    names = [f"{each.option.storage}, {each.option.concurrency}" for each in estimates]
    for percentile, marker in ((50, "o"), (95, "s"), (99, "^"), (100, "x")):
        seconds = [each.percentiles[percentile] for each in estimates]
        axes.semilogx(seconds, names, marker, label="slowest" if percentile == 100 else f"p{percentile}")
    axes.axvline(workload.latency_seconds, color="grey", linewidth=1, label="wanted of p99")
    axes.set_xlabel("seconds")
    axes.legend(fontsize=7)
    return figure


def _credits(history: Sequence[tuple[float, float]]) -> Any:
    figure, axes = _axes()
    axes.plot([at / 86_400 for at, _ in history], [balance / GIB for _, balance in history])
    axes.set_xlabel("day")
    axes.set_ylabel("burst credits, GiB")
    axes.set_ylim(bottom=0)
    return figure


def _axes() -> tuple[Any, Any]:
    from matplotlib import pyplot  # late: after the backend is chosen

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, file: Path) -> Path:
    from matplotlib import pyplot  # late: after the backend is chosen

    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return file
