"""Plots as SVG. Equal numbers give equal files, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b")
SIZE = (8, 3.6)
"""Inches."""


def plain(label: str) -> str:
    """A label without Markdown's backquotes."""
    return label.replace("`", "")


def bars(path: Path, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> None:
    """Horizontal bars with their values: a group for each label, with a bar for each series."""
    figure, axes = _figure(title)
    height = 0.8 / len(series)
    for place, (name, values) in enumerate(series.items()):
        positions = [row + (place - (len(series) - 1) / 2) * height for row in range(len(labels))]
        drawn = axes.barh(positions, values, height * 0.92, label=name, color=COLOURS[place])
        axes.bar_label(drawn, fmt="%.3g", padding=3, fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.08)
    if len(series) > 1:
        axes.legend(fontsize=8)
    _save(figure, path)


def lines(
    path: Path,
    title: str,
    labels: tuple[str, str],
    series: Mapping[str, Sequence[float]],
    levels: Mapping[str, float] | None = None,
) -> None:
    """Values over their index from 1, and horizontal lines at named levels; `labels` name the axes x and y."""
    figure, axes = _figure(title)
    for colour, (name, values) in zip(COLOURS, series.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, label=name, color=colour, linewidth=1)
    for colour, (name, level) in zip(COLOURS[len(series) :], (levels or {}).items(), strict=False):
        axes.axhline(level, label=name, color=colour, linestyle="--", linewidth=1)
    axes.set_xlabel(labels[0], fontsize=9)
    axes.set_ylabel(labels[1], fontsize=9)
    axes.margins(y=0.1)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, loc="lower right")
    _save(figure, path)


def curves(
    path: Path, title: str, labels: tuple[str, str], series: Mapping[str, Sequence[tuple[float, float]]]
) -> None:
    """Values over sizes, both on logarithmic axes: what is linear has the slope of the grid. `labels` name the axes x
    and y."""
    figure, axes = _figure(title)
    for colour, (name, points) in zip(COLOURS, series.items(), strict=False):
        axes.plot(*zip(*points, strict=True), label=name, color=colour, linewidth=1, marker="o", markersize=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(alpha=0.3, linewidth=0.5)
    axes.set_xlabel(labels[0], fontsize=9)
    axes.set_ylabel(labels[1], fontsize=9)
    axes.legend(fontsize=8)
    _save(figure, path)


def _figure(title: str) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams["svg.hashsalt"] = "benchmarks"
    figure, axes = pyplot.subplots(figsize=SIZE, layout="constrained")
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, facecolor="white", metadata={"Date": None})
    pyplot.close(figure)
