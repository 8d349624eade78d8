"""From a function's environment to an App that answers."""

import threading
from collections.abc import Callable, Mapping

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, split_model_names
from handlers.serving.app import App
from handlers.serving.cache import ModelCache
from handlers.serving.engines import LoadedModel
from handlers.serving.memory import REQUEST_BYTES, cache_budget, engine_threads, resident_bytes
from handlers.serving.repository import Repository, log_load_failure
from handlers.serving.stores import open_store
from handlers.serving.telemetry import write_event

INIT_SECONDS = 9.0
"""How much of Lambda's ten seconds of init a preload takes. What is not done then goes on in the background; past ten
seconds Lambda would run the whole init again inside the first request.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

SNAPSHOT_SECONDS = 120.0
"""The same where init ends in a snapshot or in provisioned concurrency, which Lambda gives at least 130 seconds.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html"""

INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
"""Environment, set by Lambda: `on-demand`, `provisioned-concurrency` or `snap-start`."""


def open_app(environment: Mapping[str, str]) -> App:
    """An App for `MODEL_NAMES` at `MODEL_STORE_URI`; no model is loaded.

    Raises ValueError if a variable is missing or malformed.
    """
    names = split_model_names(environment.get(MODEL_NAMES, ""))
    if not names:
        raise ValueError(f"{MODEL_NAMES} is empty; it must list the models to serve, separated by commas")
    cache: ModelCache[LoadedModel] = ModelCache(
        cache_budget(environment),
        resident=resident_bytes,
        slack=REQUEST_BYTES,
        on_failure=log_load_failure,
    )
    store = open_store(environment.get(MODEL_STORE_URI, ""))
    app = App(Repository(store, names, cache, threads=engine_threads(environment)))
    _after_restore(environment, app.repository.restored)
    return app


def open_single_model_app(environment: Mapping[str, str]) -> App:
    """An App for exactly one model, which is loaded and has answered its warm-up requests, as far as init allows.

    What is not done by then goes on in the background, and readiness says so. Where nobody waits for init, because it
    ends in a SnapStart snapshot or runs ahead of requests, the artifacts of all signatures are loaded.
    """
    names = split_model_names(environment.get(MODEL_NAMES, ""))
    if len(names) != 1:
        raise ValueError(f"{MODEL_NAMES} is {environment.get(MODEL_NAMES)!r}; this handler serves exactly one model")
    app = open_app(environment)
    whole = environment.get(INITIALIZATION) in ("snap-start", "provisioned-concurrency")
    preload = threading.Thread(target=app.preload, kwargs={"whole": whole}, daemon=True)
    preload.start()
    preload.join(SNAPSHOT_SECONDS if whole else INIT_SECONDS)
    if preload.is_alive():
        write_event("WARNING", "model not ready after init; loading goes on", model=names[0])
    return app


def _is_snapshot(environment: Mapping[str, str]) -> bool:
    return environment.get(INITIALIZATION) == "snap-start"


def _after_restore(environment: Mapping[str, str], act: Callable[[], None]) -> None:
    if _is_snapshot(environment):
        from snapshot_restore_py import register_after_restore  # late: only SnapStart has it to offer

        register_after_restore(act)
