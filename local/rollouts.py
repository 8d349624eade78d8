"""Rollouts: versions are published, promoted, rolled back and pruned by `python -m models`, while callers call."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from local.changes import Change
from local.emulator import CREDENTIALS, REGION
from local.living_stack import POINTER_SECONDS, ChangeError, LivingStack
from local.publishing import versions_of
from local.shapes import Storage
from local.stack_config import PROJECT

QUIET_SECONDS = POINTER_SECONDS + 4
"""How long a version is unnamed before it is pruned: no request of these callers lasts as long."""

LIVE_STORAGES: Sequence[Storage] = ("s3", "efs", "s3files")
"""Where a published version goes live without a deployment."""


def rollouts(
    stack: LivingStack, model: str, storages: Mapping[str, Mapping[str, Any]], rounds: int
) -> Iterator[Change]:
    """In each storage, so many rounds of: publish, roll back, promote, prune.

    Args:
        stack: one whose model `model` was trained twice: its first version is current, its last one is the other.
        model: the model.
        storages: the settings of each storage.
        rounds: how many.
    """
    trained = versions_of(stack.repository / model)
    like = itertools.cycle((trained[-1], trained[0]))
    first, *others = storages
    stack.start(storages[first])
    for storage in (first, *others):
        if storage != first:
            yield stack.change(f"to {storage}", storages[storage])
        for number in range(1, rounds + 1):
            yield from _round(stack, model, next(like), f"{storage} {number}")


def _round(stack: LivingStack, model: str, like: int, name: str) -> Iterator[Change]:
    older = stack.answering(model)
    version = stack.package(model, like)
    command = partial(_models, stack)
    source = ["--repository", str(stack.repository), "--version", str(version)]
    yield stack.move(f"{name}: publish", model, version, lambda: command("publish", model, *source, "--make-current"))
    yield stack.move(f"{name}: rollback", model, older, lambda: command("rollback", model))
    yield stack.move(f"{name}: promote", model, version, lambda: command("promote", model, str(version)))
    prune = ["prune", model, "--keep", "0", "--quiet-seconds", str(QUIET_SECONDS), "--wait", "--yes"]
    yield stack.keep(f"{name}: prune", lambda: command(*prune))


def _models(stack: LivingStack, *arguments: str) -> None:
    """Run a command of `python -m models` on the stack's bucket. Raises ChangeError with what it prints."""
    place = f"s3://{stack.outputs['bucketName']}/models"
    done = subprocess.run(
        [sys.executable, "-m", "models", *arguments, "--at", place],
        cwd=PROJECT,
        env={**os.environ, **CREDENTIALS, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": stack.account.emulator.url},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ChangeError(f"models {' '.join(arguments)} failed: {done.stderr or done.stdout}")
