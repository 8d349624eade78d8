"""The report: writes `docs/benchmarks.md` and its plots from the records."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, figures_table
from benchmarks.markdown import table
from benchmarks.records import Record, read_record
from benchmarks.sections import load_section, section_names

INTRODUCTION = """# Benchmarks

`make bench` measures everything and writes this page. `python -m benchmarks cold-start` measures one section again.
`python -m benchmarks report` writes the page from the records in `benchmarks/results/`. Compared measurements take
turns in one run, so that a change of the machine's speed affects all of them. Read the ratios: times hold only for the
machine that a section ran on. Fetching needs nginx (on Debian: `nginx-light`), growth needs the Pulumi CLI, and load
needs vegeta. Dropping the page cache needs root.
"""


def write_report(results: Path, docs: Path) -> Path:
    """Write `benchmarks.md` and `images/` in `docs`. Raises FileNotFoundError if nothing is recorded."""
    records = [record for name in section_names() if (record := read_record(name, results)) is not None]
    if not records:
        raise FileNotFoundError(f"{results} holds no results; measure first with python -m benchmarks")
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
        return "**These numbers come from a smoke run of a few rounds. They show only that the benchmarks work.**\n"
    return ""


def _machines(records: Sequence[Record]) -> str:
    """The machines, and when each section ran."""
    machines = [dict(record.machine) for record in records]
    distinct = [one for place, one in enumerate(machines) if one not in machines[:place]]
    tables = [
        table([f"machine {number}", ""], [list(pair) for pair in machine.items()], numbers_from=2)
        for number, machine in enumerate(distinct, 1)
    ]
    rows = [
        [
            load_section(record.section).TITLE,
            record.started,
            f"{record.seconds / 60:.0f} min",
            f"{record.load_before:.2f}",
            f"{distinct.index(machine) + 1}",
        ]
        for record, machine in zip(records, machines, strict=True)
    ]
    runs = table(["section", "started (UTC)", "duration", "load average before", "machine"], rows)
    return "\n".join(["## Machine\n", *tables, runs])
