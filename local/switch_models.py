"""What `python -m local switch` deploys: the sample models, one of them trained twice, and the questions to them."""

import shutil
import subprocess
import sys
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.engine.running import engine_run
from local.engine.stack import required_pulumi
from local.held_out import read_held_out
from local.living_stack import LivingStack
from local.publishing import copy_model, point, versions_of
from local.questions import Question, questions_of
from local.stack_config import PROJECT

BUILD = PROJECT / "build"
WORK = BUILD / "switch"

PUBLISHED, SEED = "iris", 43
"""The model that is published while callers call it, and the seed of its second training."""

CONCURRENCY = 1000
"""How many environments the account may run at a time: AWS's usual quota."""


class SwitchModelsError(Exception):
    """The models to switch with could not be made; the message has the reason."""


@contextmanager
def sample_stack(*, per_second: float, port: int = 0) -> Generator[LivingStack]:
    """A stack of the sample models in an account of its own, not deployed yet.

    Raises EngineError, SwitchModelsError.
    """
    required_pulumi()
    repository = two_versions("repository")
    with (
        TemporaryDirectory(prefix="tensorflow-lambda-state-") as state,
        engine_run(Path(state), port=port, concurrency=CONCURRENCY) as run,
        LivingStack(run.account, run.stack, repository, questions_to(repository), per_second=per_second) as stack,
    ):
        yield stack


def two_versions(name: str, others: Collection[str] | None = None) -> Path:
    """A repository `name` of its own with `PUBLISHED` in two versions, of which the first is current, and with these
    other sample models; None for all. Raises SwitchModelsError."""
    repository = WORK / name
    shutil.rmtree(repository, ignore_errors=True)
    for model in sorted(path.name for path in (BUILD / "repository").iterdir()):
        if others is None or model in {PUBLISHED, *others}:
            copy_model(BUILD / "repository" / model, model, repository)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "models", "build", PUBLISHED, "--seed", str(SEED)),
            *("--exports", str(WORK / "exports"), "--repository", str(repository)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SwitchModelsError(f"{PUBLISHED} could not be trained again:\n{done.stderr or done.stdout}")
    point(repository / PUBLISHED, versions_of(repository / PUBLISHED)[0])
    return repository


def questions_to(repository: Path) -> Sequence[Question]:
    """Questions to every sample model of a repository; those to one model are not next to each other."""
    models = sorted(path.name for path in repository.iterdir())
    held_out = [each for model in models if (each := read_held_out(BUILD, model))]
    return [question for together in zip(*map(questions_of, held_out), strict=False) for question in together]
