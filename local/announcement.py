"""Says to other processes that a stack runs on this machine, where its AWS answers, and what its outputs are.

`python -m models --stack NAME` reads it.
"""

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.emulator import CREDENTIALS, REGION
from local.stack import LocalStack
from local.stack_config import RUNNING


@contextmanager
def announced(project: Path, name: str, stack: LocalStack, pulumi: Mapping[str, str] | None = None) -> Generator[None]:
    """Inside the block, other processes find the stack. `pulumi`: the variables by which the command finds its state,
    if Pulumi's engine deployed it."""
    document = {
        "process": os.getpid(),
        "environment": {"AWS_ENDPOINT_URL": stack.emulator.url, "AWS_REGION": REGION, **CREDENTIALS},
        "outputs": stack.deployment.outputs,
        "token": stack.token() if stack.setting("auth") == "jwt" else None,
        "pulumi": pulumi,
    }
    file = project / RUNNING / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(document), encoding="utf-8")
    unfinished.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
