"""`python -m benchmarks`: measure all sections, or the named ones, and write the report."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.figures import Figure
from benchmarks.load_tools import VegetaMissing
from benchmarks.object_server import ServerMissing
from benchmarks.paths import DOCS, PROJECT, QUICK, RESULTS
from benchmarks.peers import PeersMissing
from benchmarks.records import Record, write_record
from benchmarks.report import write_report
from benchmarks.sections import load_section, section_names
from local.engine.stack import EngineError


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line. Returns 1 if this machine cannot measure a section, otherwise 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    choices = (*section_names(), "report")
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"{', '.join(choices)}; default: all sections",
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"a smoke run of a few rounds, written to {QUICK.relative_to(PROJECT)}"
    )
    arguments = parser.parse_args(words)
    if sys.platform != "linux":
        parser.error(f"measuring needs Linux, whose counters it reads; this is {sys.platform}")
    if unknown := sorted(set(arguments.sections) - set(choices)):
        parser.error(f"no section is called {', '.join(unknown)}; there are {', '.join(choices)}")
    results, docs = (QUICK / "results", QUICK) if arguments.quick else (RESULTS, DOCS)
    status = 0
    for name in arguments.sections or section_names():
        try:
            if name != "report":
                run(name, arguments.quick, results)
        except (ServerMissing, EngineError, PeersMissing, VegetaMissing) as error:
            print(f"  not measured: {error}", flush=True)
            status = 1
    print(f"wrote {write_report(results, docs).relative_to(PROJECT)}")
    return status


def run(name: str, quick: bool, results: Path) -> None:
    """Measure one section, write its record to `results`, and print its figures."""
    section = load_section(name)
    print(f"{section.TITLE}", flush=True)
    started, load_before, clock = datetime.now(UTC), machine.load_average(), time.monotonic()
    data = section.measure(quick)
    record = Record(
        section=name,
        quick=quick,
        started=started.strftime("%Y-%m-%d %H:%M"),
        seconds=time.monotonic() - clock,
        load_before=load_before,
        machine=machine.describe(),
        data=data,
    )
    write_record(record, results)
    for figure in section.figures(data):
        print(_line(figure), flush=True)


def _line(figure: Figure) -> str:
    verdict = "met" if figure.met else "NOT MET"
    return f"  {figure.what}: {figure.value:.3g}{figure.unit} ({figure.sense} {figure.bound:g}{figure.unit}): {verdict}"


if __name__ == "__main__":
    sys.exit(main())
