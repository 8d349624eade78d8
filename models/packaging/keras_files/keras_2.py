"""Keras 2 in a process of its own: exports a file as a SavedModel, then answers requests as `model.predict` does.

    python -m models.packaging.keras_files.keras_2 FILE DIRECTORY [MODULE ...]

imports the modules, which define classes of the file, writes a SavedModel to DIRECTORY, and writes `{"error": ""}` to
standard output. Then, for each line of standard input, which is a directory with a request, it writes the answer beside
the request, and the same to standard output.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.packaging.arrays import Arrays, load_arrays, save_arrays
from models.packaging.errors import PackagingError, reason_of
from models.packaging.keras_files.reading import load_model, reading_reason
from models.places import PROJECT
from models.quiet import silence_libraries

REQUEST, ANSWER = "request.bin", "answer.bin"
"""The files of the arrays, in one directory."""


class Keras2Reference:
    """A Keras 2 model in its process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._directory = tempfile.TemporaryDirectory(prefix="keras-2-")

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """Answer one request to the only signature. Raises ValueError if the model rejects it."""
        directory = Path(self._directory.name)
        save_arrays(directory / REQUEST, inputs)
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        self._process.stdin.write(f"{directory}\n")
        self._process.stdin.flush()
        if error := read_error(self._process):
            raise ValueError(error)
        return load_arrays(directory / ANSWER)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._directory.cleanup()


def open_in_a_process(path: Path, directory: Path, imports: Sequence[str]) -> Keras2Reference:
    """Export a Keras 2 file to `directory`, and keep its model at hand. Raises PackagingError."""
    command = [
        sys.executable,
        "-m",
        "models.packaging.keras_files.keras_2",
        str(path.resolve()),
        str(directory.resolve()),
        *imports,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    reference = Keras2Reference(process)
    if error := read_error(process):
        reference.close()
        raise PackagingError(error.replace(str(path.resolve()), str(path)))
    return reference


def read_error(process: "subprocess.Popen[str]") -> str:
    """What went wrong with the last thing that was asked of the process; empty if nothing did."""
    assert process.stdout is not None  # noqa: S101 - it was opened as a pipe
    line = process.stdout.readline()
    return json.loads(line)["error"] if line else f"Keras 2 ended with the code {process.wait()}"


def main(path: Path, directory: Path, imports: Sequence[str]) -> None:
    """Export, then answer until standard input ends."""
    silence_libraries()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not part of the answers

    def answer(error: str = "") -> None:
        answers.write(json.dumps({"error": error}) + "\n")
        answers.flush()

    try:
        signature = _export(path, directory, imports)
    except Exception as error:
        answer(reading_reason(path, error))
        return
    answer()
    for line in sys.stdin:
        where = Path(line.rstrip("\n"))
        try:
            save_arrays(where / ANSWER, signature.predict(load_arrays(where / REQUEST)))
        except Exception as error:
            answer(reason_of(error))
        else:
            answer()


def _export(path: Path, directory: Path, imports: Sequence[str]) -> Any:
    import tf_keras  # late: packaging itself goes without it

    signature = load_model(tf_keras, path, imports)
    signature.save(directory)
    return signature


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
