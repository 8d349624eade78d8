"""Make the zoo: each framework's exhibits in a process of its own, which can then be asked for nothing else.

    python -m tests.models.zoo.making FRAMEWORK ROOT [NAME ... | --shown | --all]

writes ROOT/FRAMEWORK.json, which lists every exhibit of the framework, and ROOT/NAME/ for each that is chosen and not
there yet.
What is made is read back by `read_zoo`, in a process that has none of the classes that the models were made of.
"""

import importlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401 - gives numpy the name of bfloat16

from models.packaging.arrays import load_arrays, save_arrays
from models.quiet import captured_output, silence_libraries
from tests.models.zoo.exhibit import Ask, Exhibit, Made
from tests.paths import PROJECT

MODULES: Mapping[str, Sequence[str]] = {
    "tensorflow": (
        *("keras_models", "keras_names", "keras_layers", "keras_features"),
        *("modules", "tensors", "graphs", "litert", "damaged"),
    ),
    "tf_keras": ("keras_2",),
}
"""Where each framework's exhibits are."""


SHOWN, ALL = "--shown", "--all"


def make_zoo(root: Path, names: Iterable[str]) -> None:
    """Make exhibits under `root`: by name, those that `make test` shows (`SHOWN`), or all (`ALL`); list every one."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, framework, str(root), *names],
            cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for framework in MODULES
    ]  # fmt: skip
    for process in running:
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(said)


def read_zoo(root: Path) -> dict[str, Exhibit]:
    """Every exhibit by name, in the order of the wings."""
    found: dict[str, Exhibit] = {}
    for framework in MODULES:
        for entry in json.loads((root / f"{framework}.json").read_text(encoding="utf-8")):
            entry["engines"] = frozenset(entry["engines"])
            found[entry["name"]] = Exhibit(**entry, make=lambda room: Made(room.directory))
    return found


def read_made(root: Path, name: str) -> Made | None:
    """An exhibit as it stands on disk; None where it was not made."""
    directory = root / name
    if not (directory / "made.json").exists():
        return None
    document = json.loads((directory / "made.json").read_text(encoding="utf-8"))
    asks = [
        Ask(load_arrays(directory / f"inputs-{index}.bin"), load_arrays(directory / f"answer-{index}.bin"), signature)
        for index, signature in enumerate(document["signatures"])
    ]
    samples = directory / document["samples"] if document["samples"] else None
    source, how = directory / document["source"], ("tolerance", "strict", "imports")
    return Made(source, asks, samples, **{option: document[option] for option in how})


def main(framework: str, root: Path, names: Sequence[str]) -> None:
    """Make exhibits of one framework."""
    silence_libraries()
    exhibits: list[Exhibit] = []
    with captured_output():
        for module in MODULES[framework]:
            exhibits += importlib.import_module(f"tests.models.zoo.{module}").WING.exhibits
    listed = [_plain(exhibit) for exhibit in exhibits]
    (root / f"{framework}.json").write_text(json.dumps(listed), encoding="utf-8")
    for exhibit in exhibits:
        chosen = exhibit.name in names or ALL in names or (exhibit.shown and SHOWN in names)
        if chosen and not (root / exhibit.name / "made.json").exists():
            began = time.monotonic()
            _make(exhibit, root / exhibit.name)
            print(f"{exhibit.name} {time.monotonic() - began:.1f} s", flush=True)


def _plain(exhibit: Exhibit) -> dict[str, Any]:
    entry = asdict(replace(exhibit, make=print, engines=frozenset()))
    del entry["make"]
    return entry | {"engines": sorted(exhibit.engines)}


def _make(exhibit: Exhibit, directory: Path) -> None:
    from tests.models.zoo.room import Room  # late: it imports TensorFlow

    shutil.rmtree(directory, ignore_errors=True)  # one that was begun and not finished
    directory.mkdir()
    with captured_output():
        made = exhibit.make(Room(directory, exhibit.name))
    for index, ask in enumerate(made.asks):
        save_arrays(directory / f"inputs-{index}.bin", ask.inputs)
        save_arrays(directory / f"answer-{index}.bin", ask.answer)
    document = {
        "source": str(made.source.relative_to(directory)),
        "samples": str(made.samples.relative_to(directory)) if made.samples else None,
        "tolerance": made.tolerance,
        "strict": made.strict,
        "imports": made.imports,
        "signatures": [ask.signature for ask in made.asks],
    }
    (directory / "made.json").write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
