"""Markdown tables and pictures, and numbers in readable units."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A Markdown table; the columns from `numbers_from` on are right-aligned."""
    rule = ["---" if column < numbers_from else "---:" for column in range(len(header))]
    lines = [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]
    return "\n".join(lines) + "\n"


def picture(name: str, description: str) -> str:
    """A picture in `docs/images/`, for a page in `docs/`."""
    return f"![{description}](images/{name})\n"


def seconds(value: float) -> str:
    """A duration in seconds or milliseconds."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.0f} ms" if value >= 0.01 else milliseconds(value)


def milliseconds(value: float) -> str:
    """A duration given in seconds, in milliseconds with three significant digits."""
    return f"{value * 1e3:.3g} ms"


def megabytes(value: float) -> str:
    """Bytes in megabytes."""
    return f"{value / 1e6:,.0f} MB" if value >= 10e6 else f"{value / 1e6:.1f} MB"
