"""`python -m local engine VERB`: an engine that works on the stack that `make up` keeps running."""

from collections.abc import Mapping
from typing import Literal, get_args

from local.engine.attached import attach
from local.engine.results import Result
from local.stack_config import PROJECT

Verb = Literal["preview", "up", "refresh", "destroy"]

VERBS: tuple[Verb, ...] = get_args(Verb)


def run_engine(verb: Verb, stack: str, overrides: Mapping[str, str]) -> bool:
    """Run the engine and show what it prints; whether it succeeded. Raises EngineError, StackConfigError."""
    attached = attach(PROJECT, stack)
    operation = {
        "preview": attached.preview,
        "up": attached.up,
        "refresh": attached.refresh,
        "destroy": attached.destroy,
    }[verb]
    result: Result = operation(overrides, show=lambda text: print(text, flush=True))
    return result.succeeded
