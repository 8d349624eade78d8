"""Where an exhibit is made: a directory of its own, fresh inputs, and the framework that is asked for its answers."""

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from handlers.manifest import DEFAULT_SIGNATURE
from tests.models.zoo.exhibit import ONLY, Arrays, Ask, Made

BATCHES = (1, 3, 17)
Feed = Callable[[int], Arrays]
"""From a batch size to fresh inputs by public name."""


class Room:
    """Passed to the function that makes an exhibit."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self._random = np.random.default_rng([11, zlib.crc32(name.encode())])

    def path(self, name: str) -> Path:
        """A path in the exhibit's directory."""
        return self.directory / name

    def write(self, name: str, content: bytes) -> Path:
        """A file in the exhibit's directory."""
        self.path(name).write_bytes(content)
        return self.path(name)

    def floats(self, *shape: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
        """Fresh numbers of float32."""
        return self._random.uniform(low, high, shape).astype(np.float32)

    def integers(self, high: int, *shape: int, dtype: str = "int32") -> np.ndarray:
        """Fresh integers from 0 up to `high`, which is left out."""
        return self._random.integers(0, high, shape).astype(dtype)

    def words(self, words: Sequence[str], *shape: int) -> np.ndarray:
        """Fresh words as bytes."""
        chosen = np.asarray(self._random.choice(words, shape))
        return np.array([str(word).encode() for word in chosen.flat], object).reshape(shape)

    def keras(
        self, model: Any, feed: Feed | None = None, *, suffix: str = ".keras", outputs: Sequence[str] = (), **more: Any
    ) -> Made:
        """A Keras model saved whole; `model.predict` answers.

        Args:
            model: of Keras 3 or of `tf_keras`.
            feed: its inputs; floats of the right shape where there is one input and none is given.
            suffix: of the file.
            outputs: the public names, where there are several outputs and they are no dictionary.
            more: see `ask_keras`.
        """
        source = self.path(f"model{suffix}")
        model.save(source)
        return Made(source, self.ask_keras(model, feed, outputs=outputs, **more))

    def exported(self, model: Any, feed: Feed | None = None, **more: Any) -> Made:
        """A Keras 3 model that was exported as a SavedModel; its signature answers."""
        source = self.path("model")
        model.export(source, verbose=False)
        return Made(source, self.ask_signatures(source, {DEFAULT_SIGNATURE: feed or self._floats_for(model)}), **more)

    def ask_keras(
        self,
        model: Any,
        feed: Feed | None = None,
        *,
        outputs: Sequence[str] = (),
        give: Callable[[Arrays], Any] | None = None,
    ) -> list[Ask]:
        """Fresh requests, and what `model.predict` answers; `give` arranges named inputs as the model takes them."""
        asks: list[Ask] = []
        for batch in BATCHES:
            inputs = (feed or self._floats_for(model))(batch)
            tensors = {name: tf.constant(array) if array.dtype == object else array for name, array in inputs.items()}
            given = give(tensors) if give else tensors.get(ONLY, tensors)
            asks.append(Ask(inputs, _named(model.predict(given, verbose=0), outputs)))
        return asks

    def saved(self, module: Any, feeds: Mapping[str, Feed], **signatures: Any) -> Made:
        """A `tf.Module` saved with these signatures, `serving_default` the first of `feeds` where none are given."""
        source = self.path("model")
        tf.saved_model.save(module, str(source), signatures=signatures)
        return Made(source, self.ask_signatures(source, feeds))

    def saved_function(self, function: Any, feed: Feed, *tracked: Any) -> Made:
        """A SavedModel of one function."""
        module: Any = tf.Module()
        module.tracked = list(tracked)
        return self.saved(module, {DEFAULT_SIGNATURE: feed}, serving_default=function)

    def ask_signatures(
        self, saved_model: Path, feeds: Mapping[str, Feed], tags: Sequence[str] = ("serve",)
    ) -> list[Ask]:
        """Fresh requests, and what the SavedModel's own signatures answer."""
        loaded: Any = tf.saved_model.load(str(saved_model), tags=list(tags))
        asks: list[Ask] = []
        for name, feed in feeds.items():
            for batch in BATCHES:
                inputs, function = feed(batch), loaded.signatures[name]
                names = list(function.structured_input_signature[1])
                given = {names[0] if key == ONLY else key: tf.constant(value) for key, value in inputs.items()}
                answer = function(**given)
                asks.append(Ask(inputs, {key: _array(value.numpy()) for key, value in answer.items()}, name))
        return asks

    def ask_session(self, saved_model: Path, feed: Feed) -> list[Ask]:
        """The same as `ask_signatures`, in a session, which has no rule for names."""
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            graph: Any = tf.compat.v1.saved_model.loader.load(session, ["serve"], str(saved_model))
            definition = graph.signature_def[DEFAULT_SIGNATURE]
            asks: list[Ask] = []
            for batch in BATCHES:
                inputs = feed(batch)
                feeds = {definition.inputs[key].name: value for key, value in inputs.items()}
                answer = session.run({key: info.name for key, info in definition.outputs.items()}, feeds)
                asks.append(Ask(inputs, {key: _array(value) for key, value in answer.items()}))
        return asks

    def litert(self, content: bytes, feeds: Mapping[str, Feed], name: str = "model.tflite") -> Made:
        """A LiteRT file; TensorFlow's own interpreter of it answers."""
        asks: list[Ask] = []
        for signature, feed in feeds.items():
            for batch in BATCHES:
                inputs = feed(batch)
                interpreter = tf.lite.Interpreter(model_content=content)  # a new one keeps no state
                answer = interpreter.get_signature_runner(signature)(**inputs)
                asks.append(Ask(inputs, {key: np.array(_array(value)) for key, value in answer.items()}, signature))
        return Made(self.write(name, content), asks)

    def jsonl(self, name: str, requests: Sequence[Arrays]) -> Path:
        """Requests as JSON Lines in the API's own form."""
        path = self.path(name)
        lines = [{"inputs": {key: _jsonable(array.tolist()) for key, array in each.items()}} for each in requests]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return path

    def edit_graphs(self, saved_model: Path, change: Callable[[Any], None]) -> None:
        """Change the SavedModel message of an export."""
        document = saved_model_pb2.SavedModel()
        document.ParseFromString((saved_model / "saved_model.pb").read_bytes())
        change(document)
        (saved_model / "saved_model.pb").write_bytes(document.SerializeToString())

    def _floats_for(self, model: Any) -> Feed:
        (given,) = model.inputs
        shape = [4 if size is None else size for size in given.shape[1:]]
        return lambda batch: {ONLY: self.floats(batch, *shape)}


def _named(answer: Any, outputs: Sequence[str]) -> dict[str, np.ndarray]:
    """A prediction by public name."""
    if isinstance(answer, Mapping) and not outputs:
        return {key: _array(value) for key, value in answer.items()}
    flat = [_array(value) for value in tf.nest.flatten(answer)]
    return dict(zip(outputs or (ONLY,), flat, strict=True))


def _jsonable(value: Any) -> Any:
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value, object if isinstance(value, bytes) else None)
    return array.astype(object) if array.dtype.kind in "SU" else array
