"""`python -m ops advise`: which storage, mode and concurrency serve given models and traffic best, in numbers."""

import json
import sys
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from handlers.contract import Architecture
from handlers.manifest import ArtifactForm
from local.stack_config import PROJECT, project_name, read_stack_config
from ops.advice import report
from ops.advice.choice import choose
from ops.advice.estimate import Estimate, estimate
from ops.advice.figures import Figures, read_figures
from ops.advice.model_facts import ModelFacts, of_size, packaged
from ops.advice.options import MOST_MEMORY_MIB, Option, Workload, options
from ops.prices import price_list
from ops.simulation.arrivals import SHAPES, Traffic, read_times
from ops.simulation.file_system import ThroughputMode

NAME = "advise"
HELP = "compare storages, modes and concurrency for your models and traffic: cost, latency, and which to choose"
PROFILES = Path(report.__file__).with_name("profiles.toml")


def add_arguments(parser: ArgumentParser) -> None:
    models = parser.add_argument_group("models")
    models.add_argument("--stack", metavar="NAME", help="the stack file Pulumi.NAME.yaml: its models and settings")
    models.add_argument("--model", action="append", metavar="NAME", help="a packaged model; repeatable (default: all)")
    models.add_argument("--repository", metavar="DIRECTORY", help="of packaged models (default: build/repository)")
    models.add_argument(
        "--size", action="append", type=float, metavar="MB", help="a model known by its size; repeatable"
    )
    models.add_argument("--form", choices=get_args(ArtifactForm), help="what a model of --size is (default: tflite)")
    models.add_argument("--warm-ms", type=float, metavar="MS", help="a prediction of a model of --size")
    traffic = parser.add_argument_group("traffic")
    traffic.add_argument("--profile", choices=tuple(_profiles()), help="a workload to try; other options override it")
    traffic.add_argument("--requests", type=float, metavar="N", help="a month (default: 1,000,000)")
    traffic.add_argument("--peak", type=float, metavar="N", help="requests a second in the busiest minute")
    traffic.add_argument("--shape", choices=SHAPES, help="how the rate changes (default: daily)")
    traffic.add_argument("--arrivals", type=Path, metavar="CSV", help="times in seconds, which go on for a month")
    traffic.add_argument(
        "--zipf", type=float, metavar="S", help="how unequally models are asked for; 0: alike (default: 1)"
    )
    wishes = parser.add_argument_group("wishes")
    wishes.add_argument("--latency", type=float, metavar="SECONDS", help="of 99 of 100 requests (default: 1)")
    wishes.add_argument("--longest", type=float, metavar="SECONDS", help="of every request (default: the API's limit)")
    wishes.add_argument("--retrain", type=float, metavar="N", help="times a month (default: 1)")
    wishes.add_argument("--memory", type=int, metavar="MIB", help="of a function (default: 1769)")
    wishes.add_argument(
        "--efs-throughput", choices=get_args(ThroughputMode), help="of a file system (default: elastic)"
    )
    wishes.add_argument("--efs-mibps", type=float, metavar="N", help="with provisioned: MiB a second")
    numbers = parser.add_argument_group("numbers")
    numbers.add_argument("--explain", action="store_true", help="show where each number comes from")
    numbers.add_argument("--all", action="store_true", help="with --explain, of every option and not only the best")
    numbers.add_argument("--figure", action="append", default=[], metavar="KEY=VALUE", help="a figure of your own")
    numbers.add_argument(
        "--prices", type=Path, metavar="TOML", help="prices of your own, in the form of ops/prices.toml"
    )
    numbers.add_argument("--free-tier", action="store_true", help="count the units that an account has for nothing")
    numbers.add_argument("--seed", type=int, default=0, help="of the simulation (default: 0)")
    numbers.add_argument("--plots", type=Path, metavar="DIRECTORY", help="write plots as SVG")


def run(options: Namespace) -> int:
    """Print the advice; the exit code is 1 if no option meets the wishes."""
    figures = read_figures(options.figure)
    prices = price_list(options.prices)
    workload = workload_of(options, figures)
    results = compare(workload, options, figures)
    choice = choose(results, workload, prices, figures)
    print(report.as_text(results, choice, workload, figures))
    if options.explain:
        chosen = results.values() if options.all or choice.best is None else [choice.best]
        for each in chosen:
            if isinstance(each, Estimate):
                print("\n" + report.explain(each, prices, figures))
    if options.plots is not None:
        from ops.advice import plots  # late: matplotlib is a dependency of development only

        for file in plots.write(options.plots, results, workload):
            print(f"{file} is written")
    return 0 if choice.best is not None else 1


def compare(workload: Workload, chosen: Namespace, figures: Figures) -> Mapping[Option, Estimate | str]:
    """Estimate every option, with progress where somebody looks."""
    prices, results = price_list(chosen.prices), dict[Option, Estimate | str]()
    every = list(options(workload))
    for number, option in enumerate(every):
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {len(every)}: {option}\033[K", end="", file=sys.stderr, flush=True)
        results[option] = estimate(option, workload, prices, figures, chosen.seed)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return results


def workload_of(chosen: Namespace, figures: Figures) -> Workload:
    """What the command line asks for: the options over the profile over the stack over the defaults."""
    stack = _stack(chosen.stack) if chosen.stack else {}
    profile: Mapping[str, Any] = _profiles().get(chosen.profile or "", {})

    def value(name: str, default: Any) -> Any:
        given = getattr(chosen, name)
        return given if given is not None else profile.get(name, default)

    throughput: ThroughputMode = value("efs_throughput", stack.get("efsThroughput", "elastic"))
    mibps = float(value("efs_mibps", stack.get("efsProvisionedMibps", 0)) or 0)
    if throughput == "provisioned" and mibps <= 0:
        raise ValueError("provisioned throughput needs a number of MiB a second; give --efs-mibps 1 or more")
    architecture: Architecture = "arm64" if stack.get("architecture") == "arm64" else "x86_64"
    memory = value("memory", int(stack.get("memoryMib", 1769)))
    if not 128 <= memory <= MOST_MEMORY_MIB:
        raise ValueError(f"a function has no {memory} MiB of memory; give --memory 128 to {MOST_MEMORY_MIB}")
    return Workload(
        models=_models(chosen, value("size", None), value("form", "tflite"), stack, figures),
        traffic=Traffic(
            requests=value("requests", 1e6), peak_per_second=value("peak", None), shape=value("shape", "daily")
        ),
        times=None if chosen.arrivals is None else read_times(chosen.arrivals),
        latency_seconds=value("latency", 1.0),
        longest_seconds=value("longest", None),
        retrainings=value("retrain", 1.0),
        zipf=value("zipf", 1.0),
        memory_mib=memory,
        architecture=architecture,
        api="rest" if stack.get("api") == "rest" else "http",
        kept_versions=int(stack.get("keptVersions", 3)),
        efs_throughput=throughput,
        efs_mibps=mibps,
        free_tier=chosen.free_tier,
    )


def _models(
    chosen: Namespace, sizes: list[float] | None, form: ArtifactForm, stack: Mapping[str, str], figures: Figures
) -> list[ModelFacts]:
    if sizes and not chosen.model:
        warm = None if chosen.warm_ms is None else chosen.warm_ms / 1000
        return [of_size(size, form, figures, warm=warm) for size in sizes]
    names = chosen.model or json.loads(stack.get("models", "[]")) or None
    repository = PROJECT / (chosen.repository or stack.get("modelRepository", "build/repository"))
    return packaged(repository, names, figures)


def _stack(name: str) -> Mapping[str, str]:
    namespace = f"{project_name(PROJECT)}:"
    values = read_stack_config(PROJECT, name, {})
    return {key.removeprefix(namespace): value for key, value in values.items() if key.startswith(namespace)}


def _profiles() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(PROFILES.read_text())
