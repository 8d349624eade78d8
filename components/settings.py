# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""Settings: everything that a stack's configuration can say, with its default. Imports no Pulumi.

A field here is a key of the project's configuration in camelCase, and an entry of the schema in Pulumi.yaml.
`rules.py` says what cannot be combined; `configuration.py` reads the values.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from components.packaged_models import PackagedModel
from components.setting_types import choice, flag, image_by_digest, integer, names, one_of, path, setting
from components.storage_settings import StorageSettings
from handlers.contract import MODEL_NAME
from handlers.manifest import EngineName

Mode = Literal["single", "multi"]
Architecture = Literal["x86_64", "arm64"]
Auth = Literal["iam", "none"]
ImageEngines = Literal["auto", "litert", "tensorflow"]

LOG_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


@dataclass(frozen=True, kw_only=True)
class Settings(StorageSettings):
    """One stack's configuration, valid as a whole when it comes from `configuration.read_settings`."""

    mode: Mode = setting(
        choice(get_args(Mode)),
        "multi",
        "single: a function for each model, loaded at start. multi: one function for all, each loaded on first use.",
    )
    models: tuple[str, ...] = setting(
        names(MODEL_NAME, example="pulumi config set --path 'models[0]' digits"),
        [],
        "The models to serve, by name; empty for every packaged model.",
    )
    model_repository: str = setting(
        path(), "build/repository", "The directory of packaged models, relative to the project's directory."
    )
    memory_mib: int = setting(
        integer(128, 10240, "MiB"),
        1769,
        "Memory of a function in MiB. Processor time follows it: 1769 MiB is one vCPU.",
    )
    timeout_seconds: int = setting(
        integer(1, 900, "seconds"),
        29,
        "How long a function may take for one request, in seconds. The HTTP API waits 30.",
    )
    ephemeral_storage_mib: int = setting(
        integer(512, 10240, "MiB"), 512, "Size of a function's /tmp in MiB; what exceeds 512 is billed."
    )
    model_cache_mib: int | None = setting(
        integer(1, 10240, "MiB", absent=0),
        0,
        "How many MiB of loaded models a function keeps; 0 lets it follow from the memory.",
    )
    architecture: Architecture = setting(
        choice(get_args(Architecture)), "x86_64", "Processor architecture of the image and the functions."
    )
    reserved_concurrency: int | None = setting(
        integer(0, 100_000, "requests at once", absent=-1),
        -1,
        "Requests that each function may work on at once, set aside for it; 0 stops it, -1 shares the account's.",
    )
    log_retention_days: int = setting(one_of(LOG_RETENTION_DAYS, "days"), 30, "How many days logs are kept.")
    image_uri: str | None = setting(
        image_by_digest(),
        "",
        "An image built before, as repository@sha256:digest; empty builds it from handlers/Dockerfile, with Docker.",
    )
    image_engines: ImageEngines = setting(
        choice(get_args(ImageEngines)),
        "auto",
        "Engines in the image. auto: those that the packaged models need. tensorflow: all, for models published later.",
    )
    auth: Auth = setting(
        choice(get_args(Auth)),
        "iam",
        "Who may call the API. iam: AWS identities that sign their requests. none: everyone on the internet.",
    )
    throttling_burst: int = setting(
        integer(1, 5000, "requests"), 200, "Requests that the API accepts at once before it answers 429."
    )
    throttling_rate: int = setting(
        integer(1, 10_000, "requests per second"),
        100,
        "Requests per second that the API accepts before it answers 429.",
    )
    delete_models_on_destroy: bool = setting(
        flag(), False, "Whether `pulumi destroy` may delete the bucket with every published model in it."
    )
    packaged: tuple[PackagedModel, ...] = ()
    """The models to serve, as the model repository holds them, in the order of `models`."""
    region: str | None = None
    """Where the stack is deployed; the provider's own setting, not one of ours."""

    @property
    def engines(self) -> frozenset[EngineName]:
        """The engines that the image holds."""
        if self.image_engines == "auto":
            return frozenset(engine for model in self.packaged for engine in model.engines)
        return frozenset([self.image_engines])
