"""`python -m ops choosing`: writes docs/choosing-a-storage.md and its plots."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from local.stack_config import PROJECT
from ops.advice.choice import Choice, choose
from ops.advice.figures import read_figures
from ops.advice.options import Workload
from ops.advice.page import FILE, Results, write
from ops.commands import advise
from ops.prices import price_list

NAME = "choosing"
HELP = f"write {FILE}: what the advice is for typical workloads (a minute)"


def add_arguments(parser: ArgumentParser) -> None:
    """There are none."""
    del parser


def run(options: Namespace) -> int:
    """Write the page."""
    del options
    prices, figures = price_list(), read_figures()

    def advice(arguments: Sequence[str]) -> tuple[Workload, Results, Choice]:
        parser = ArgumentParser()
        advise.add_arguments(parser)
        chosen = parser.parse_args(list(arguments))
        workload = advise.workload_of(chosen, figures)
        results = advise.compare(workload, chosen, figures)
        return workload, results, choose(results, workload, prices, figures)

    for file in write(PROJECT, advice, prices, figures):
        print(f"{file.relative_to(PROJECT)} is written")
    return 0
