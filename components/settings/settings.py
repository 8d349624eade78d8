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
from handlers.manifest import ENGINE_SETS, EngineName, EngineSet

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
    architecture: Architecture = setting(choice(get_args(Architecture)), "x86_64")
    image_uri: str | None = optional_setting(image_by_digest(), absent="")
    image_engines: ImageEngines = setting(choice(get_args(ImageEngines)), "auto")
    delete_models_on_destroy: bool = setting(flag(), False)
    model_settings: Mapping[str, Mapping[str, Any]] = setting(overrides(), {})
    packaged: tuple[PackagedModel, ...] = ()
    """The models to serve, in the order of `models`. They come from the model repository."""
    region: str | None = None
    """Where the stack is deployed. It comes from the provider's own setting."""

    @property
    def engines(self) -> frozenset[EngineName]:
        """The engines that the image holds."""
        if self.image_engines == "auto":
            return frozenset(engine for model in self.packaged for engine in model.engines)
        return ENGINE_SETS[self.image_engines]

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

    def stored_in(self, *storages: Storage) -> Sequence[PackagedModel]:
        """The models that live in one of these storages."""
        return [model for each in self.functions() if each.storage in storages for model in each.packaged]
