"""docs/choosing-a-storage.md: the decision in a page, with tables and plots of `python -m ops advise`."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.advice import plots, report
from ops.advice.choice import Choice
from ops.advice.estimate import Estimate
from ops.advice.figures import Figures
from ops.advice.options import Option, Workload
from ops.prices import PriceList

FILE = Path("docs/choosing-a-storage.md")
IMAGES = Path("docs/images/choosing")
SECTIONS = Path(__file__).with_name("sections.toml")

Results = Mapping[Option, Estimate | str]
Advise = Callable[[Sequence[str]], tuple[Workload, Results, Choice]]
"""Runs the command with these arguments."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A workload of the page. The head of `sections.toml` explains the fields."""

    title: str
    what: str
    arguments: str
    shown: Sequence[str] = ()


def sections() -> Sequence[Section]:
    """The sections, in the order of the page."""
    return [Section(**entry) for entry in tomllib.loads(SECTIONS.read_text())["sections"]]


def write(project: Path, advise: Advise, prices: PriceList, figures: Figures) -> Iterator[Path]:
    """Write the page and its plots; yields the files."""
    lines = [_introduction(prices)]
    for section in sections():
        workload, results, choice = advise(section.arguments.split())
        lines += _section(section, workload, results, choice, figures)
        name = section.title.lower().replace(" ", "-")
        for file in plots.write(project / IMAGES / name, results, workload):
            if file.stem not in section.shown:
                file.unlink()
                continue
            lines += [f"![{section.title}: {file.stem}]({file.relative_to(project / FILE.parent)})", ""]
            yield file
    lines += _figures(figures)
    (project / FILE).write_text("\n".join(lines))
    yield project / FILE


def _introduction(prices: PriceList) -> str:
    return f"""# Choosing a storage

Written by `python -m ops choosing`. Each table is an answer of `python -m ops advise`, which takes your own
models and traffic; `--explain` shows the price and the measurement behind each number.

| if | choose | because |
| --- | --- | --- |
| few requests, models of some MB | `s3`, `multi` | nothing is paid while idle |
| slow first answers are not allowed | `image` | it is read fastest; with `snapStart`, not at all |
| large models that are retrained often | `efs` | faster than a fetch, new versions without a build |
| the same, and money counts more than seconds | `s3files` | large files cost what they cost in the bucket |
| the environments are busy most of the time | `provisionedConcurrency` | from 60 % of use it is cheaper |

Dollars are list prices of {prices.region} as of {prices.as_of}, without free units, for a month of
{prices.hours_per_month} hours. `cold` is the first answer of a new environment, `slowest` the slowest
of the simulated month. What a deployment costs you beside AWS counts in the recommendation alone.
"""


def _section(section: Section, workload: Workload, results: Results, choice: Choice, figures: Figures) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    yield section.what
    yield ""
    yield "```console"
    yield f"$ python -m ops advise {section.arguments}".rstrip()
    yield "```"
    yield ""
    yield report.as_markdown(results, choice, workload)
    yield ""
    lines = report.as_text(results, choice, workload, figures).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(("Ruled out", "Recommended", "Not recommended")))
    yield "```"
    yield from lines[start:]
    yield "```"
    yield ""


def _figures(figures: Figures) -> Iterator[str]:
    yield "## What the numbers rest on"
    yield ""
    yield "`--figure KEY=VALUE` replaces one. Measure the assumed ones on a deployed stack: `python -m ops load` shows"
    yield "latencies and cold starts, `python -m ops size` the memory that a model wants. With `--keep-seconds`, `load`"
    yield "shows the cold starts of the simulation for the same requests beside those that it counted: a test holds the"
    yield "two against each other on this machine's stack, whose idle environments end too (`python -m local up"
    yield "--keep-seconds 60`)."
    yield ""
    yield "| figure | value | what | how it is known |"
    yield "| --- | --- | --- | --- |"
    for key, figure in figures.by_key.items():
        yield f"| `{key}` | {figure.value:g} {figure.unit} | {figure.what} | {figure.kind}: {figure.source} |"
    yield ""
