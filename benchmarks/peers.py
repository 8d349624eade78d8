"""Peers: what a user would take instead, as handlers with their own files and packages.

They run in an environment of their own, which is made once from a lock. Their files are converted from the subjects'
SavedModels.
"""

import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths import BUILD, PROJECT, SUBJECTS
from benchmarks.subjects import Subject, repository
from benchmarks.ways import Way

ENVIRONMENT = BUILD / "environments" / "peers"
LOCK = PROJECT / "benchmarks" / "requirements" / "peers.txt"


class PeersMissing(Exception):
    """The peers cannot be installed or a model cannot be converted; the message has the command and its last lines."""


@dataclass(frozen=True, kw_only=True)
class Peer(Way):
    """A runtime that serves a subject from a file of its own."""

    file: str
    """The file of a subject, in the subject's directory."""

    def path(self, subject: Subject) -> Path:
        """The file that its handler loads."""
        return SUBJECTS / subject.name / self.file

    def environment(self, subject: Subject) -> dict[str, str]:
        """See `Way.environment`."""
        return {"MODEL_PATH": str(self.path(subject))}


ONNX_RUNTIME = Peer(
    key="onnxruntime",
    label="ONNX Runtime",
    handler="benchmarks.baselines.onnx_handler.lambda_handler",
    file="model.onnx",
)
LITERT_ALONE = Peer(
    key="litert_alone",
    label="LiteRT alone",
    handler="benchmarks.baselines.litert_handler.lambda_handler",
    file="model.tflite",
)
OPENVINO = Peer(
    key="openvino",
    label="OpenVINO",
    handler="benchmarks.baselines.openvino_handler.lambda_handler",
    file="model.xml",
)
PEERS = (ONNX_RUNTIME, LITERT_ALONE, OPENVINO)


def prepare_peers(subjects: Sequence[Subject]) -> Path:
    """Install the peers and convert the subjects for them, where that was not done. Returns the peers' Python.

    Raises PeersMissing.
    """
    python = _environment()
    for subject in subjects:
        _convert(subject, python)
    return python


def _convert(subject: Subject, python: Path) -> None:
    wanted = LITERT_ALONE.path(subject)
    if not wanted.is_symlink():  # it leads nowhere where LiteRT does not take the model
        wanted.symlink_to(repository("tflite") / subject.name / "1" / "model.tflite")
    if not ONNX_RUNTIME.path(subject).exists():
        _run(
            [
                *(sys.executable, "-m", "benchmarks.baselines.onnx_conversion", "--opset", "18"),
                *("--saved-model", str(subject.saved_model), "--output", str(ONNX_RUNTIME.path(subject))),
            ]
        )
    if not OPENVINO.path(subject).exists():
        # Weights stay in 32 bits, so that all answer the same.
        program = "import sys, openvino as ov; ov.save_model(ov.convert_model(sys.argv[1]), sys.argv[2], False)"
        _run([str(python), "-c", program, str(subject.saved_model), str(OPENVINO.path(subject))])


def _environment() -> Path:
    """The Python of the environment with what the lock names, which is made if it is missing or out of date."""
    python, installed = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed.txt"
    if installed.exists() and installed.read_bytes() == LOCK.read_bytes():
        return python
    print(f"making the peers' environment in {ENVIRONMENT.relative_to(PROJECT)} (once)", flush=True)
    venv.create(ENVIRONMENT, clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK)])
    installed.write_bytes(LOCK.read_bytes())
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PeersMissing(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
