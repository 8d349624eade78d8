"""python -m tests.models.zoo: make the whole zoo, package it, serve it over HTTP, and compare every answer.

python -m tests.models.zoo [--keep DIRECTORY] [--answers FILE] [NAME ...]
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from models.progress import Progress
from tests.models.zoo import answers
from tests.models.zoo.exhibit import Exhibit
from tests.models.zoo.making import ALL, make_zoo, read_made, read_zoo
from tests.models.zoo.packaging import Outcome, fault, package_all
from tests.models.zoo.serving import served


def main() -> int:
    """Show the zoo; the exit code is 1 where an exhibit is not as its row says."""
    parser = argparse.ArgumentParser(prog="python -m tests.models.zoo", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="exhibits; all if none is named")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="make it here, and leave it; use what is there")
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="package all anew, and write the checksums of all answers here; or, if the file is there, say which "
        "answers differ from it: another release wrote it",
    )
    options = parser.parse_args()
    if options.answers and not options.answers.parent.is_dir():
        parser.error(f"--answers {options.answers}: there is no directory {options.answers.parent}")
    with tempfile.TemporaryDirectory(prefix="zoo-") as directory:
        root = options.keep or Path(directory)
        root.mkdir(parents=True, exist_ok=True)
        return show(root, options.names, options.answers)


def show(root: Path, names: Sequence[str], beside: Path | None) -> int:
    """Make, package, serve and compare; say what is wrong, and what there is."""
    began = time.monotonic()
    make_zoo(root, names or [ALL])
    zoo = read_zoo(root)
    chosen = [zoo[name] for name in names or zoo]
    print(f"{len(chosen)} exhibits made in {time.monotonic() - began:.0f} s", flush=True)
    began = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    if beside is not None:  # else a version that another release packaged would answer
        shutil.rmtree(root / "repository", ignore_errors=True)
    with Progress("packaging") as progress:
        for outcome in package_all(root, root / "repository", [each.name for each in chosen]):
            outcomes[outcome.name] = outcome
            progress.say(f"{len(outcomes)} of {len(chosen)}: {outcome.name}")
    print(f"{len(outcomes)} packaged or refused in {time.monotonic() - began:.0f} s", flush=True)
    wrong, found = _ask_all(root, chosen, outcomes)
    faults = [*_faults_of_packaging(root, chosen, outcomes), *wrong]
    print("\n".join(faults))
    print(_summary(chosen, outcomes, faults))
    print(_share(root, outcomes))
    if beside is not None and beside.is_file():
        print(answers.comparison(answers.read(beside), found))
    elif beside is not None:
        answers.write(beside, found)
    return 1 if faults else 0


def _faults_of_packaging(root: Path, chosen: Sequence[Exhibit], outcomes: dict[str, Outcome]) -> list[str]:
    found: list[str] = []
    for exhibit in chosen:
        made = read_made(root, exhibit.name)
        assert made is not None
        found.append(fault(exhibit, made, outcomes[exhibit.name]))
    return [each for each in found if each]


def _ask_all(root: Path, chosen: Sequence[Exhibit], outcomes: dict[str, Outcome]) -> tuple[list[str], answers.Answers]:
    """What is wrong with the answers of what is packaged, and the answers."""
    packaged = [exhibit.name for exhibit in chosen if outcomes[exhibit.name].engines]
    if not packaged:
        return [], {}
    found: list[str] = []
    with served(root / "repository") as api:
        for name in packaged:
            made = read_made(root, name)
            assert made is not None
            found += api.faults(name, made.asks)
        return found, api.answers


def _summary(chosen: Sequence[Exhibit], outcomes: dict[str, Outcome], faults: Sequence[str]) -> str:
    engines = Counter(" and ".join(outcome.engines) for outcome in outcomes.values() if outcome.engines)
    refused = sum(1 for outcome in outcomes.values() if outcome.refusal)
    served_by = ", ".join(f"{count} by {engine}" for engine, count in engines.most_common())
    return f"{len(chosen)} exhibits: served {served_by}; {refused} refused; {len(faults)} faults"


def _share(root: Path, outcomes: dict[str, Outcome]) -> str:
    """How many of the exhibits that TensorFlow itself answered are packaged."""
    run = [name for name in outcomes if (made := read_made(root, name)) and made.asks]
    packaged = sum(1 for name in run if outcomes[name].engines)
    share = f": {packaged / len(run):.1%}" if run else ""
    return f"{packaged} packaged of {len(run)} that TensorFlow itself answered{share}"


if __name__ == "__main__":
    sys.exit(main())
