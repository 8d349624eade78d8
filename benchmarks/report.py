"""The report: `docs/benchmarks.md` and its plots, written from the records alone."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, figures_table
from benchmarks.markdown import table
from benchmarks.records import Record, read_record
from benchmarks.sections import load_section, section_names

INTRODUCTION = """# Benchmarks

`make bench` measures all of this and writes this page; `python -m benchmarks cold-start` measures one section again,
`python -m benchmarks report` writes the page from what is recorded in `benchmarks/results/`. What is compared ran in
turn in the same run, so that a machine that gets faster or slower does so for both. Times hold for the machine below;
the ratios are what to read. Fetching needs nginx (on Debian: `nginx-light`), dropping the page cache needs root.
"""


def write_report(results: Path, docs: Path) -> Path:
    """Write `benchmarks.md` and `images/` in `docs`. Raises FileNotFoundError if nothing is recorded."""
    records = [record for name in section_names() if (record := read_record(name, results)) is not None]
    if not records:
        raise FileNotFoundError(f"{results} holds no results; measure first, with python -m benchmarks")
    figures: list[Figure] = []
    chapters: list[str] = []
    for record in records:
        section = load_section(record.section)
        figures += section.figures(record.data)
        chapters.append(f"## {section.TITLE}\n\n{section.write(record.data, docs / 'images')}")
    parts = [INTRODUCTION, _warning(records), _machines(records)]
    parts += ["## Targets\n", figures_table(figures), *chapters]
    path = docs / "benchmarks.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    return path


def _warning(records: Sequence[Record]) -> str:
    if any(record.quick for record in records):
        return "**These numbers come from a smoke run of a few rounds. They show that it works, and nothing else.**\n"
    return ""


def _machines(records: Sequence[Record]) -> str:
    """What each machine was, and when which section ran on it."""
    machines = [dict(record.machine) for record in records]
    distinct = [one for place, one in enumerate(machines) if one not in machines[:place]]
    tables = [table(["", ""], [list(pair) for pair in machine.items()], numbers_from=2) for machine in distinct]
    rows = [
        [
            load_section(record.section).TITLE,
            record.started,
            f"{record.seconds / 60:.0f} min",
            f"{record.load_before:.2f}",
        ]
        for record in records
    ]
    runs = table(["section", "begun (UTC)", "took", "load average before"], rows)
    return "\n".join(["## Machine\n", *tables, runs])
