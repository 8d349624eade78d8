"""Public names of tensors: what clients call them, whatever TensorFlow allows as a name."""

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_model_pb2

from handlers.manifest import DEFAULT_SIGNATURE
from models.packaging.sources import GRAPH_FILE


def edit_saved_model(directory: Path, change: Callable[[Any], None]) -> None:
    """Change the SavedModel message of a directory."""
    document = saved_model_pb2.SavedModel()
    document.ParseFromString((directory / GRAPH_FILE).read_bytes())
    change(document)
    (directory / GRAPH_FILE).write_bytes(document.SerializeToString(deterministic=True))


def rename_tensors(directory: Path, names: Mapping[str, str]) -> None:
    """Give the inputs and outputs of `serving_default` other keys, in a SavedModel with one graph."""

    def rename(document: Any) -> None:
        definition = document.meta_graphs[0].signature_def[DEFAULT_SIGNATURE]
        for tensors in (definition.inputs, definition.outputs):
            _rename_keys(tensors, names)

    edit_saved_model(directory, rename)


def number_tensors(directory: Path) -> Mapping[str, Mapping[str, str]]:
    """Give all inputs and outputs of a SavedModel's signatures keys like `input_0`; their old keys, by signature."""
    old: dict[str, dict[str, str]] = {}

    def rename(document: Any) -> None:
        for meta_graph in document.meta_graphs:
            for name, definition in meta_graph.signature_def.items():
                for kind in ("input", "output"):
                    tensors = getattr(definition, f"{kind}s")
                    numbers = {key: f"{kind}_{index}" for index, key in enumerate(sorted(tensors))}
                    old.setdefault(name, {}).update({number: key for key, number in numbers.items()})
                    _rename_keys(tensors, numbers)

    edit_saved_model(directory, rename)
    return old


def _rename_keys(tensors: MutableMapping[str, Any], names: Mapping[str, str]) -> None:
    kept: dict[str, Any] = {}
    for key in list(tensors):
        kept[names.get(key, key)] = type(tensors[key]).FromString(tensors[key].SerializeToString())
        del tensors[key]
    for key, info in kept.items():
        tensors[key].CopyFrom(info)  # type: ignore[attr-defined] # a protobuf map of messages
