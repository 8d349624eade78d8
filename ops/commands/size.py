"""`python -m ops size`: runs a model at several memory settings, and shows latency, cost and the knee."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import get_args

from handlers.contract import MODEL_NAME, Architecture
from handlers.manifest import POINTER_FILE
from local.stack_config import PROJECT
from ops.prices import price_list
from ops.sizing import MEMORIES, as_text, measure

NAME = "size"
HELP = "run a packaged model at several memory settings, and show latency, cost and the knee"
SMALLEST_MIB, LARGEST_MIB = 128, 10_240


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", help="a packaged model")
    parser.add_argument("--repository", type=Path, default=Path("build/repository"), metavar="DIRECTORY")
    parser.add_argument("--memory", type=int, action="append", metavar="MIB", help="a setting to try; repeatable")
    parser.add_argument("--calls", type=int, default=200, metavar="N", help="measured at each setting (default: 200)")
    parser.add_argument("--architecture", choices=get_args(Architecture), default="x86_64", help="whose price counts")
    parser.add_argument("--prices", type=Path, metavar="TOML", help="prices of your own")


def run(options: Namespace) -> int:
    """Print the table; the exit code is 1 if no setting answers."""
    repository: Path = (PROJECT / options.repository).resolve()
    if not MODEL_NAME.fullmatch(options.model) or not (repository / options.model / POINTER_FILE).is_file():
        raise ValueError(f"{repository} has no model {options.model!r}; `python -m models list` shows what it has")
    if options.calls < 1:
        raise ValueError(f"--calls {options.calls} measures nothing; give 1 or more")
    memories = sorted(set(options.memory or MEMORIES))
    if wrong := [memory for memory in memories if not SMALLEST_MIB <= memory <= LARGEST_MIB]:
        raise ValueError(f"a function has no {wrong[0]} MiB; give --memory {SMALLEST_MIB} to {LARGEST_MIB}")
    prices = price_list(options.prices)
    sizes = list(measure(repository, options.model, memories, options.calls, prices, options.architecture))
    print("\n".join(as_text(sizes)))
    return 0 if any(size.error is None for size in sizes) else 1
