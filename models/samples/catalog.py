"""The catalog of sample models: their trainers, and how good they must be."""

import importlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handlers.contract import MODEL_NAME

if TYPE_CHECKING:
    from models.samples.trained import TrainedModel

CATALOG_FILE = Path(__file__).with_name("catalog.toml")
KEYS = {"summary", "trainer", "at_least", "at_most"}


class CatalogError(ValueError):
    """The catalog is malformed; the message says which entry and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """One sample model."""

    name: str
    summary: str
    trainer: str
    """`module:function` of a function without arguments that returns a TrainedModel."""
    at_least: float | None = None
    """The smallest accepted value of its metric, for a metric where more is better."""
    at_most: float | None = None
    """The largest accepted value of its metric, for a metric where less is better."""

    def train(self) -> "TrainedModel":
        """Train the model. Imports TensorFlow."""
        module, _, function = self.trainer.partition(":")
        trainer: Callable[[], TrainedModel] = getattr(importlib.import_module(module), function)
        return trainer()

    def accepts(self, value: float) -> bool:
        """Whether this value of its metric is good enough."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


def load_catalog(path: Path = CATALOG_FILE) -> Mapping[str, CatalogEntry]:
    """Every entry by name, in the order of the file. Raises CatalogError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogError(f"{path}: {error}") from None
    return {name: _entry(name, value) for name, value in document.items()}


def chosen_entries(names: Sequence[str]) -> Sequence[CatalogEntry]:
    """The entries of these names; all entries if none is named. Raises CatalogError if a name is not in the catalog."""
    catalog = load_catalog()
    if unknown := [name for name in names if name not in catalog]:
        raise CatalogError(f"the catalog has no {', '.join(unknown)}; it has {', '.join(catalog)}")
    return [catalog[name] for name in names or catalog]


def _entry(name: str, value: Mapping[str, Any]) -> CatalogEntry:
    if not MODEL_NAME.fullmatch(name):
        raise CatalogError(f"the catalog names a model {name!r}; a name matches {MODEL_NAME.pattern}")
    if unknown := sorted(set(value) - KEYS):
        raise CatalogError(f"[{name}] has the keys {unknown}; allowed are {sorted(KEYS)}")
    if missing := sorted({"summary", "trainer"} - set(value)):
        raise CatalogError(f"[{name}] lacks {missing}")
    if ":" not in value["trainer"]:
        raise CatalogError(f"[{name}] has the trainer {value['trainer']!r}; write it as module:function")
    return CatalogEntry(name=name, **value)
