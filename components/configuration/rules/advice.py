"""Rules about what `python -m ops advise` would not choose, by a wide margin, and the command that says more."""

from collections.abc import Iterator, Mapping

from components.api.api_limits import HTTP_TIMEOUT_SECONDS, REST_TIMEOUT_SECONDS
from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function
from components.settings.api_settings import ApiKind
from components.settings.settings import Settings
from components.settings.storage_settings import Storage
from handlers.manifest import Manifest

READ_MB_PER_SECOND: Mapping[Storage, int] = {"s3": 75, "s3files": 75, "efs": 150, "image": 200}
"""What one environment reads of a model, as in `ops/advice/figures.toml`."""

API_SECONDS: Mapping[ApiKind, int] = {"http": HTTP_TIMEOUT_SECONDS, "rest": REST_TIMEOUT_SECONDS}
"""How long a caller is kept waiting. Other ways in wait as long as the function may run."""

MANY_READY = 20
"""Ready environments that a stack hardly means by a single number."""


def the_first_answer_comes_in_time(settings: Settings) -> Iterator[Problem]:
    """A new environment reads a model before it answers, and the API waits only so long."""
    if settings.snap_start and settings.mode == "single":
        return
    speed, limit = READ_MB_PER_SECOND[settings.storage], API_SECONDS.get(settings.api, settings.timeout_seconds)
    for model in settings.packaged:
        megabytes = max(map(_read_bytes, model.versions.values())) / 1e6
        if megabytes > speed * limit:
            yield Problem(
                keys=("storage",),
                message=f"with {settings.storage}, a new environment reads the {megabytes:,.0f} MB of {model.name} in "
                f"about {megabytes / speed:,.0f} s, but the API waits {limit} s; {_more(settings)}",
            )


def few_environments_are_kept_ready(settings: Settings) -> Iterator[Problem]:
    """Each function of mode single keeps as many as the setting says."""
    ready = [function.provisioned_concurrency or 0 for function in settings.functions()]
    if settings.mode == "single" and len(ready) > 1 and sum(ready) >= MANY_READY:
        yield Problem(
            keys=("provisionedConcurrency", "mode"),
            message=f"{len(ready)} functions keep {sum(ready)} environments of {settings.memory_mib} MiB ready, which "
            f"are billed all the time; mode multi keeps them for all models together; {_more(settings)}",
        )


def _read_bytes(manifest: Manifest) -> int:
    return max(sum(file.size for file in manifest.files_of(artifact)) for artifact in manifest.artifacts)


def _more(settings: Settings) -> str:
    return f"`python -m ops advise --stack {settings.stack_name or 'dev'}` compares the alternatives"


REFUSED: tuple[Rule, ...] = ()

ADVISED: tuple[Rule, ...] = (for_each_function(the_first_answer_comes_in_time), few_environments_are_kept_ready)
