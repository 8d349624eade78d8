"""A profile as a picture: a bar for each of time, memory and bytes read, stacked of the steps."""

from pathlib import Path
from typing import Any

from models.origins.extras import extra
from models.profiling.profile import Profile

INCHES = (9, 4.2)


def draw(profile: Profile, title: str, path: Path) -> None:
    """Write the picture as SVG: equal profiles give equal files. Raises PackagingError without matplotlib, OSError."""
    mpl = extra("matplotlib", requirement="matplotlib", where="--svg")
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "profile", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot  # late: after the backend is chosen

    figure, rows = pyplot.subplots(3, 1, figsize=INCHES, layout="constrained")
    figure.suptitle(title, fontsize=10)
    lines = profile.steps
    _bar(rows[0], "milliseconds", {step: line.milliseconds.shown for step, line in lines.items()})
    _bar(rows[1], "memory, MB", {step: line.memory_bytes / 1e6 for step, line in lines.items()})
    _bar(rows[2], "read, MB", {step: line.read_bytes / 1e6 for step, line in lines.items()})
    figure.legend(*rows[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8)
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
    pyplot.close(figure)


def _bar(axes: Any, label: str, amounts: dict[str, float]) -> None:
    begin = 0.0
    for number, (step, amount) in enumerate(amounts.items()):
        drawn = axes.barh(0, amount, left=begin, label=step, color=f"C{number}" if number < 10 else "lightgrey")
        if amount > sum(amounts.values()) / 15:
            axes.bar_label(drawn, [f"{amount:.3g}"], label_type="center", fontsize=8)
        begin += amount
    axes.set_ylabel(label, rotation=0, ha="right", va="center")
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
