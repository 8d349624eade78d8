"""From a function's environment to an App: reads the variables, and puts store, cache and repository together."""

import os
import threading
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from handlers.contract import (
    ALLOW_MODEL_CODE,
    ASYNCHRONOUS_QUEUE,
    CORS_CREDENTIALS,
    CORS_ORIGINS,
    LISTED_MODELS,
    MIB_PER_VCPU,
    MODEL_CACHE_BYTES,
    MODEL_NAMES,
    MODEL_STORE_URI,
    MODELS_AWAITED,
    SERVES_PAGE,
    TENSOR_PLACES,
    VERIFY_MODELS,
    split_model_names,
)
from handlers.serving.app import App
from handlers.serving.cache import ModelCache
from handlers.serving.engines import LoadedModel
from handlers.serving.footprint import MIB, PAGE_BYTES, SLACK_BYTES, request_room, resident_bytes, room_for_models
from handlers.serving.repository import Repository, log_load_failure
from handlers.serving.stores import open_store
from handlers.serving.telemetry import write_event

INIT_SECONDS = 9.0
"""How many of Lambda's ten seconds of init a preload may take. It then goes on in the background. If init took more
than ten seconds, Lambda would run all of it again inside the first request.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

SNAPSHOT_SECONDS = 120.0
"""The same where init ends in a snapshot or in provisioned concurrency: Lambda then allows at least 130 seconds.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html"""

INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
"""Environment, set by Lambda: `on-demand`, `provisioned-concurrency` or `snap-start`."""

FUNCTION_MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
"""Environment, set by Lambda: the function's memory in MiB."""


def open_app(environment: Mapping[str, str]) -> App:
    """An App for `MODEL_NAMES` at `MODEL_STORE_URI`, or for whatever is published there. No model is loaded.

    Raises ValueError if a variable is missing or malformed.
    """
    names = split_model_names(environment.get(MODEL_NAMES, "")) or None
    cache: ModelCache[LoadedModel] = ModelCache(
        cache_budget(environment), resident=resident_bytes, slack=SLACK_BYTES, on_failure=log_load_failure
    )
    store = open_store(environment.get(MODEL_STORE_URI, ""), verify=verifies(environment))
    repository = Repository(
        store,
        names,
        cache,
        listed=split_model_names(environment.get(LISTED_MODELS, "")),
        awaited=_flag(environment, MODELS_AWAITED, "false"),
        allows_code=_flag(environment, ALLOW_MODEL_CODE, "false"),
        threads=engine_threads(environment),
        room=room_for_models(function_memory(environment)),
    )
    if environment.get(INITIALIZATION) == "snap-start":
        from snapshot_restore_py import register_after_restore  # late: only SnapStart needs it

        register_after_restore(repository.restored)
    room = request_room(function_memory(environment))
    places = tuple(filter(None, environment.get(TENSOR_PLACES, "").split(",")))
    return App(
        repository,
        room,
        has_page=_flag(environment, SERVES_PAGE, "true"),
        tensor_places=places,
        answers_later=ASYNCHRONOUS_QUEUE in environment,
    )


def open_single_model_app(environment: Mapping[str, str]) -> App:
    """An App for exactly one model, which init loads and prepares.

    What does not fit into the time of init goes on in the background; until it ends, the model is not ready. The
    artifacts of all signatures are loaded if no caller waits for init: before a SnapStart snapshot, and under
    provisioned concurrency. Then init also answers the warm-up requests. It does so, too, where the function has less
    than one processor, because init has a whole one.

    Raises ValueError if a variable is missing or malformed, or `MODEL_NAMES` lists several models.
    """
    names = split_model_names(environment.get(MODEL_NAMES, ""))
    if len(names) != 1:
        raise ValueError(f"{MODEL_NAMES} is {environment.get(MODEL_NAMES)!r}; this handler serves exactly one model")
    app = open_app(environment)
    whole = environment.get(INITIALIZATION) in ("snap-start", "provisioned-concurrency")
    computes = whole or function_memory(environment) < MIB_PER_VCPU * MIB
    preload = threading.Thread(target=app.preload, kwargs={"whole": whole, "computes": computes}, daemon=True)
    preload.start()
    preload.join(SNAPSHOT_SECONDS if whole else INIT_SECONDS)
    if preload.is_alive():
        write_event("WARN", "model not ready after init; loading goes on", model=names[0])
    return app


def handler_of(app: App, environment: Mapping[str, str]) -> Callable[[Any, Any], dict[str, Any]]:
    """What Lambda calls: `app.handle`, or around it what lets pages of `CORS_ORIGINS` read the answers.

    Raises ValueError if a variable is malformed.
    """
    if not environment.get(CORS_ORIGINS):
        return app.handle
    from handlers.serving.cors import Pages, answering_pages  # late: few APIs leave this to the function

    origins = frozenset(environment[CORS_ORIGINS].split(","))
    return answering_pages(app.handle, Pages(origins, _flag(environment, CORS_CREDENTIALS, "false")))


def verifies(environment: Mapping[str, str]) -> bool:
    """Whether loads compare files with their checksums.

    Raises ValueError if `VERIFY_MODELS` is neither true nor false.
    """
    return _flag(environment, VERIFY_MODELS, "true")


def _flag(environment: Mapping[str, str], name: str, default: str) -> bool:
    given = environment.get(name) or default
    if given not in ("true", "false"):
        raise ValueError(f"{name} is {given!r}; it must be true or false")
    return given == "true"


def cache_budget(environment: Mapping[str, str]) -> int:
    """Bytes that loaded models may take together, engines included.

    `MODEL_CACHE_BYTES` if it is set. Else what the function's memory has room for.

    Raises ValueError if `MODEL_CACHE_BYTES` is not a number of bytes.
    """
    given = environment.get(MODEL_CACHE_BYTES)
    if given:
        if not given.isdigit():
            raise ValueError(f"{MODEL_CACHE_BYTES} is {given!r}; it must be a number of bytes, such as 268435456")
        return int(given)
    return room_for_models(function_memory(environment))


def function_memory(environment: Mapping[str, str]) -> int:
    """The function's memory in bytes; outside of Lambda, half of the machine's."""
    memory = environment.get(FUNCTION_MEMORY)
    return int(memory) * MIB if memory else PAGE_BYTES * os.sysconf("SC_PHYS_PAGES") // 2


def engine_threads(environment: Mapping[str, str]) -> int:
    """How many threads one prediction may use: one for each virtual processor of the function, at least one."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = environment.get(FUNCTION_MEMORY)
    return processors if not memory else max(1, min(processors, ceil(int(memory) / MIB_PER_VCPU)))
