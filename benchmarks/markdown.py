"""Markdown tables and pictures, and numbers as people read them."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A Markdown table; columns from `numbers_from` on are aligned to the right."""
    rule = ["---" if column < numbers_from else "---:" for column in range(len(header))]
    lines = [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]
    return "\n".join(lines) + "\n"


def picture(name: str, description: str) -> str:
    """A picture of `docs/images/`, from a page in `docs/`."""
    return f"![{description}](images/{name})\n"


def seconds(value: float) -> str:
    """A duration, in the unit that suits it."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.0f} ms" if value >= 0.01 else milliseconds(value)


def milliseconds(value: float) -> str:
    """A duration of seconds, in milliseconds with three digits that count."""
    return f"{value * 1e3:.3g} ms"


def megabytes(value: float) -> str:
    """Bytes, in millions."""
    return f"{value / 1e6:,.0f} MB" if value >= 10e6 else f"{value / 1e6:.1f} MB"
