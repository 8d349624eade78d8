# ruff: noqa: RUF009 -- `setting` is dataclasses.field with a description
"""Settings: everything that a stack's configuration can say, with its default. Imports no Pulumi.

A field here is a key of the project's configuration in camelCase, and an entry of the schema in Pulumi.yaml.
`rules.py` says what cannot be combined; `configuration.py` reads the values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from components.settings.api_settings import ApiSettings
from components.settings.function_settings import FunctionSettings
from components.settings.model_overrides import ENGINE, FIELDS, overrides
from components.settings.operations_settings import OperationsSettings
from components.settings.packaged_models import PackagedModel
from components.settings.setting_types import choice, flag, image_by_digest, names, path, setting
from components.settings.storage_settings import Storage, StorageSettings
from handlers.contract import MODEL_NAME
from handlers.manifest import EngineName

Mode = Literal["single", "multi"]
Architecture = Literal["x86_64", "arm64"]
ImageEngines = Literal["auto", "litert", "tensorflow"]


@dataclass(frozen=True, kw_only=True)
class Settings(OperationsSettings, ApiSettings, FunctionSettings, StorageSettings):
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
    architecture: Architecture = setting(
        choice(get_args(Architecture)), "x86_64", "Processor architecture of the image and the functions."
    )
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
    delete_models_on_destroy: bool = setting(
        flag(), False, "Whether `pulumi destroy` may delete the bucket with every published model in it."
    )
    model_settings: Mapping[str, Mapping[str, Any]] = setting(
        overrides(),
        {},
        "Settings that a model has for itself, by model and key, with mode single: storage and what concerns its "
        "function. In both modes, engine refuses a model that was packaged for another engine.",
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

    def functions(self) -> tuple["Settings", ...]:
        """The settings of each function: what holds for it, with only the models that it serves."""
        if self.mode == "multi":
            return (self,)
        return tuple(self.for_model(model) for model in self.packaged)

    def for_model(self, model: PackagedModel) -> "Settings":
        """The settings of a function that serves this model alone."""
        own = self.model_settings.get(model.name, {})
        chosen = {FIELDS[key]: value for key, value in own.items() if key != ENGINE}
        return replace(self, **chosen, packaged=(model,))

    def stored_in(self, *storages: Storage) -> Sequence[PackagedModel]:
        """The models that live in one of these storages."""
        return [model for each in self.functions() if each.storage in storages for model in each.packaged]
