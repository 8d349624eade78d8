"""Package exhibits as `python -m models package` does, and hold each outcome against what its row says.

    python -m tests.models.zoo.packaging ROOT REPOSITORY NAME ...

prints a line of JSON for each.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from models.packaging.errors import PackagingError
from models.packaging.package import PackageOptions, package
from models.packaging.repository import ModelRepository
from models.quiet import silence_libraries
from tests.models.zoo.exhibit import Exhibit, Made
from tests.models.zoo.making import read_made
from tests.paths import PROJECT

PROCESSES = 2


class Outcome(NamedTuple):
    """What became of an exhibit."""

    name: str
    engines: Sequence[str] = ()
    refusal: str = ""
    failure: str = ""
    """An exception that is no refusal."""


def package_made(name: str, made: Made, repository: Path) -> Outcome:
    """Package one exhibit under its own name."""
    options = PackageOptions(
        name=name, samples=made.samples, tolerance=made.tolerance, strict=made.strict, imports=made.imports
    )
    try:
        packaged = package(made.source, ModelRepository(repository), options, lambda what: None)
    except PackagingError as error:
        return Outcome(name, refusal=str(error))
    except Exception as error:
        return Outcome(name, failure=f"{type(error).__name__}: {error}")
    return Outcome(name, sorted({artifact.engine for artifact in packaged.manifest.artifacts}))


def package_all(root: Path, repository: Path, names: Sequence[str]) -> Iterator[Outcome]:
    """Package many exhibits in processes side by side, which know none of the classes that they are made of."""
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", __spec__.name, str(root), str(repository), *names[start::PROCESSES]],
                    cwd=PROJECT,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for start in range(min(PROCESSES, len(names)))
        ]
        for process in running:
            assert process.stdout is not None
            for line in process.stdout:
                yield Outcome(*json.loads(line))
            if process.wait():
                raise RuntimeError(f"packaging ended with {process.returncode}")


def fault(exhibit: Exhibit, made: Made, outcome: Outcome) -> str:
    """How an outcome differs from what the exhibit's row says; empty where it does not."""
    if outcome.failure:
        return f"{exhibit.name} fails: {outcome.failure}"
    if bool(made.asks) != exhibit.runs:
        return (
            f"{exhibit.name} has {len(made.asks)} answers of TensorFlow, and its row says that runs is {exhibit.runs}"
        )
    if exhibit.refusal:
        if not outcome.refusal:
            return f"{exhibit.name} is packaged, and should be refused: {exhibit.refusal}"
        if not _is_worded(exhibit.refusal, str(made.source), outcome.refusal):
            return f"{exhibit.name} is refused in other words:\n    {outcome.refusal}\n    {exhibit.refusal}"
        return ""
    if outcome.refusal:
        return f"{exhibit.name} is refused: {outcome.refusal}"
    if set(outcome.engines) != exhibit.engines:
        return f"{exhibit.name} is served by {', '.join(outcome.engines)}, not by {', '.join(sorted(exhibit.engines))}"
    return ""


def _is_worded(template: str, source: str, said: str) -> bool:
    """Whether a refusal is its template; names that TensorFlow numbers anew each time stand in brackets."""
    parts = re.split(r"<(\w+)>", template)
    pattern = "".join(
        re.escape(part) if index % 2 == 0 else re.escape(source) if part == "source" else r"[^']+"
        for index, part in enumerate(parts)
    )
    return re.fullmatch(pattern, said) is not None


if __name__ == "__main__":
    silence_libraries()
    for each in sys.argv[3:]:
        found = read_made(Path(sys.argv[1]), each)
        assert found is not None, f"{each} was not made"
        print(json.dumps(package_made(each, found, Path(sys.argv[2]))), flush=True)
