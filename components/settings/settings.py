# ruff: noqa: RUF009 -- `setting` is a dataclasses.field
"""Settings: everything that a stack's configuration can say, with its default. Imports no Pulumi.

A field here is a key of the project's configuration in camelCase. Pulumi.yaml has an entry for it, with its meaning.
`components/configuration` reads the values (`reading.py`) and checks their combinations (`rules/`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from components.settings.api_settings import ApiSettings
from components.settings.declaration import optional_setting, setting
from components.settings.function_settings import FunctionSettings
from components.settings.model_overrides import ENGINE, FIELDS, overrides
from components.settings.operations_settings import OperationsSettings
from components.settings.packaged_models import PackagedModel
from components.settings.setting_types import choice, flag, image_by_digest, path, texts
from components.settings.storage_settings import Storage, StorageSettings
from handlers.contract import MODEL_NAME, Architecture
from handlers.manifest import ENGINE_SETS, EngineName, EngineSet, engine_set

Mode = Literal["single", "multi"]
ImageEngines = Literal["auto", EngineSet]


@dataclass(frozen=True, kw_only=True)
class Settings(OperationsSettings, ApiSettings, FunctionSettings, StorageSettings):
    """One stack's configuration. `read_settings` in `components/configuration/reading.py` gives a valid one."""

    mode: Mode = setting(choice(get_args(Mode)), "multi")
    models: tuple[str, ...] = setting(
        texts(MODEL_NAME, "names of letters, digits, '-' and '_' (pulumi config set --path 'models[0]' digits)"), []
    )
    model_repository: str = setting(path(), "build/repository")
    seed_models: bool = setting(flag(), True)
    architecture: Architecture = setting(choice(get_args(Architecture)), "x86_64")
    image_uri: str | None = optional_setting(image_by_digest(), absent="")
    image_engines: ImageEngines = setting(choice(get_args(ImageEngines)), "auto")
    delete_models_on_destroy: bool = setting(flag(), False)
    model_settings: Mapping[str, Mapping[str, Any]] = setting(overrides(), {})
    packaged: tuple[PackagedModel, ...] = ()
    """The models that the deployment seeds, in the order of `models`. They come from the model repository. Empty where
    `seed_models` is false."""
    region: str | None = None
    """Where the stack is deployed. It comes from the provider's own setting."""
    stack_name: str = ""
    """The Pulumi stack's name. With the project's name it tells this stack's dashboard from another's."""

    @property
    def engines(self) -> frozenset[EngineName]:
        """The engines that the image holds. Without packaged models, `auto` means all: any model may be published."""
        if self.image_engines != "auto":
            return ENGINE_SETS[self.image_engines]
        if not self.packaged:
            return ENGINE_SETS["tensorflow"]
        return ENGINE_SETS[engine_set(engine for model in self.packaged for engine in model.engines)]

    @property
    def bucket_key_arn(self) -> str | None:
        """The key that encrypts what is in the bucket; None for keys of S3."""
        return self.model_bucket_key_arn if self.model_bucket else self.kms_key_arn

    @property
    def served(self) -> Sequence[str] | None:
        """The models that a function with these settings serves, by name. None for all models of its store, also those
        that are published later."""
        if self.mode == "multi":
            return self.models or None
        return [model.name for model in self.packaged]

    def functions(self) -> tuple["Settings", ...]:
        """The settings of each function, with only the models that it serves."""
        if self.mode == "multi":
            return (self,)
        return tuple(self.for_model(model) for model in self.packaged)

    def for_model(self, model: PackagedModel) -> "Settings":
        """The settings of a function that serves only this model."""
        own = self.model_settings.get(model.name, {})
        chosen = {FIELDS[key]: value for key, value in own.items() if key != ENGINE}
        return replace(self, **chosen, packaged=(model,))

    def uses(self, *storages: Storage) -> bool:
        """Whether some function's models live in one of these storages."""
        return any(each.storage in storages for each in self.functions())

    def served_from(self, storage: Storage) -> Sequence[str] | None:
        """The models that functions serve from a storage, by name. None for all models of the store."""
        if self.mode == "multi":
            return self.served
        return [model.name for model in self.stored_in(storage)]

    def storages(self) -> Mapping[str, Storage]:
        """The storage of each packaged model, by name."""
        return {model.name: each.storage for each in self.functions() for model in each.packaged}

    def stored_in(self, *storages: Storage) -> Sequence[PackagedModel]:
        """The packaged models that live in one of these storages."""
        return [model for each in self.functions() if each.storage in storages for model in each.packaged]
