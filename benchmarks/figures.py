"""Figure: a number of the report, and its target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.markdown import table
from benchmarks.statistics import Ratio

Sense = Literal["at least", "at most"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured number and its target."""

    what: str
    value: float
    unit: str
    """The text after the value: `×`, ` ms`, ` MB`."""
    sense: Sense
    bound: float
    spread: tuple[float, float] | None = None
    """The lowest and the highest value of single rounds."""

    @property
    def met(self) -> bool:
        """Whether the value meets the target."""
        return self.value >= self.bound if self.sense == "at least" else self.value <= self.bound


def ratio_figure(what: str, ratio: Ratio, sense: Sense, bound: float) -> Figure:
    """A ratio as a figure."""
    return Figure(
        what=what, value=ratio.value, unit="×", sense=sense, bound=bound, spread=(ratio.lowest, ratio.highest)
    )


def none_of(what: str, count: float) -> Figure:
    """How many there are of what must not be, as a figure."""
    return Figure(what=what, value=count, unit="", sense="at most", bound=0)


def figures_table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [
        [
            figure.what,
            f"**{_number(figure.value)}{figure.unit}**",
            "" if figure.spread is None else f"{_number(figure.spread[0])} to {_number(figure.spread[1])}",
            f"{figure.sense} {figure.bound:g}{figure.unit}",
            "met" if figure.met else "**not met**",
        ]
        for figure in figures
    ]
    return table(["figure", "measured", "single rounds", "target", ""], rows)


def _number(value: float) -> str:
    """A number with three significant digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
