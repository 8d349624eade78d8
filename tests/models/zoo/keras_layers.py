"""Keras 3 files: layers that engines and converters are particular about."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.models.zoo.exhibit import ONLY, Made, Wing
from tests.models.zoo.room import Room

layers = keras.layers
WING = Wing("Keras 3 layers")
STATEFUL = (
    "<source> keeps a state between calls: the layer <layer> is stateful. On Lambda each call may reach another "
    "function. Build the model with stateful=False, and copy the weights with "
    "new_model.set_weights(model.get_weights())."
)


def of(shape: tuple[Any, ...], *stack: Any, dtype: str = "float32") -> keras.Sequential:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *stack])


def sequences(room: Room, model: Any, steps: int = 6, features: int = 3) -> Made:
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, steps, features)})


@WING.answers("onnxruntime", "`LSTM`, sequences of any length", ".keras")
def lstm(room: Room) -> Made:
    return sequences(room, of((None, 3), layers.LSTM(4), layers.Dense(2)))


@WING.answers("onnxruntime", "`LSTM` of one length that returns sequences", ".keras")
def lstm_sequences(room: Room) -> Made:
    return sequences(room, of((6, 3), layers.LSTM(4, return_sequences=True), layers.LSTM(3)))


@WING.answers("onnxruntime", "`LSTM` that returns its state", ".keras")
def lstm_state(room: Room) -> Made:
    steps = keras.Input((6, 3), name="steps")
    output, hidden, cell = layers.LSTM(4, return_state=True, name="memory")(steps)
    return room.keras(
        keras.Model(steps, {"output": output, "hidden": hidden, "cell": cell}),
        lambda batch: {"steps": room.floats(batch, 6, 3)},
        give=lambda named: named["steps"],
    )


@WING.answers("onnxruntime", "`GRU`", ".keras")
def gru(room: Room) -> Made:
    return sequences(room, of((None, 3), layers.GRU(4), layers.Dense(2)))


@WING.answers("onnxruntime", "`SimpleRNN` that runs backwards", ".h5")
def simple_rnn_h5(room: Room) -> Made:
    model = of((6, 3), layers.SimpleRNN(4, go_backwards=True), layers.Dense(2))
    return room.keras(model, suffix=".h5")


@WING.answers("onnxruntime", "`Bidirectional(LSTM)`", ".keras")
def bidirectional(room: Room) -> Made:
    return sequences(room, of((None, 3), layers.Bidirectional(layers.LSTM(4)), layers.Dense(2)))


@WING.answers("onnxruntime", "`Masking` before an `LSTM`", ".keras")
def masked_lstm(room: Room) -> Made:
    def feed(batch: int) -> dict[str, np.ndarray]:
        steps = room.floats(batch, 6, 3)
        steps[:, 4:] = 0.0
        return {ONLY: steps}

    return room.keras(of((None, 3), layers.Masking(), layers.LSTM(4), layers.Dense(2)), feed)


@WING.answers("onnxruntime", "`Embedding` that masks zeros, before a bidirectional `GRU`", ".keras")
def masked_embedding(room: Room) -> Made:
    model = of(
        (None,),
        layers.Embedding(20, 4, mask_zero=True),
        layers.Bidirectional(layers.GRU(3)),
        layers.Dense(1),
        dtype="int32",
    )
    return room.keras(model, lambda batch: {ONLY: room.integers(20, batch, 7)})


@WING.refused(STATEFUL.replace("<layer>", "'memory'"), "a stateful `LSTM`", ".keras", runs=True)
def stateful(room: Room) -> Made:
    steps = keras.Input(batch_shape=(1, 6, 3))
    model = keras.Model(steps, layers.LSTM(4, stateful=True, name="memory")(steps))
    return room.keras(model, lambda batch: {ONLY: room.floats(1, 6, 3)})


@WING.answers("litert", "`TimeDistributed(Dense)`", ".keras")
def time_distributed(room: Room) -> Made:
    return sequences(room, of((6, 3), layers.TimeDistributed(layers.Dense(2)), layers.GlobalAveragePooling1D()))


@WING.answers("onnxruntime", "`ConvLSTM1D`", ".keras")
def conv_lstm(room: Room) -> Made:
    return room.keras(of((4, 8, 2), layers.ConvLSTM1D(3, 3), layers.GlobalAveragePooling1D()))


@WING.answers("onnxruntime", "`MultiHeadAttention` over sequences of any length", ".keras", shown=True)
def attention(room: Room) -> Made:
    steps = keras.Input((None, 8), name="steps")
    seen = layers.MultiHeadAttention(2, 4)(steps, steps, use_causal_mask=True)
    model = keras.Model(steps, layers.LayerNormalization()(seen + steps))
    return room.keras(model, lambda batch: {"steps": room.floats(batch, 5, 8)})


@WING.answers("litert", "a transformer block: embedding, attention with a mask of padding, feed-forward", ".keras")
def transformer(room: Room) -> Made:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(30, 8, mask_zero=True)(tokens)
    x = layers.LayerNormalization()(x + layers.GroupQueryAttention(4, 4, 2)(x, x))
    x = layers.Dense(8)(layers.Dense(16, activation="gelu")(x))
    model = keras.Model(tokens, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    return room.keras(model, lambda batch: {"tokens": room.integers(30, batch, 6)})


@WING.answers("litert", "`Conv1D` with causal padding and dilation", ".keras")
def conv1d(room: Room) -> Made:
    conv = layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")
    return room.keras(of((12, 3), conv, layers.GlobalMaxPooling1D()))


@WING.answers("litert", "`Conv2D`, `BatchNormalization`, pooling", ".keras")
def conv2d(room: Room) -> Made:
    stack = (
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Flatten(),
    )
    return room.keras(of((10, 10, 3), *stack, layers.Dense(3, activation="softmax")))


@WING.answers("litert", "`Conv2D` on pictures of any size", ".keras")
def conv2d_any_size(room: Room) -> Made:
    model = of((None, None, 3), layers.Conv2D(4, 3, padding="same"), layers.GlobalAveragePooling2D())
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 9, 11, 3)})


@WING.answers("litert", "`Conv2DTranspose`, as in networks that draw pictures", ".keras")
def conv2d_transpose(room: Room) -> Made:
    stack = (
        layers.Dense(4 * 4 * 8),
        layers.Reshape((4, 4, 8)),
        layers.Conv2DTranspose(6, 4, 2, "same", activation="leaky_relu"),
        layers.Conv2DTranspose(3, 3, 2, "valid", activation="sigmoid"),
    )
    return room.keras(of((5,), *stack))


@WING.answers("litert", "`Conv2DTranspose` on pictures of any size, as in a U-Net", ".keras")
def conv2d_transpose_any_size(room: Room) -> Made:
    picture = keras.Input((None, None, 3))
    wide = layers.Conv2D(4, 3, padding="same", activation="relu")(picture)
    deep = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D()(wide))
    wider = layers.Conv2DTranspose(4, 2, 2, "same")(deep)
    scores = layers.Conv2D(2, 1, activation="softmax")(layers.Concatenate()([wide, wider]))
    return room.keras(keras.Model(picture, scores), lambda batch: {ONLY: room.floats(batch, 12, 8, 3)})


@WING.answers("litert", "`Conv1DTranspose`", ".keras")
def conv1d_transpose(room: Room) -> Made:
    return room.keras(of((12, 2), layers.Conv1D(4, 5, 2, "same"), layers.Conv1DTranspose(2, 5, 2, "same")))


@WING.answers("litert", "`Conv3D`", ".keras")
def conv3d(room: Room) -> Made:
    return room.keras(of((5, 6, 7, 2), layers.Conv3D(3, 2), layers.GlobalAveragePooling3D()))


@WING.answers("litert", "depthwise and separable convolutions", ".keras")
def depthwise(room: Room) -> Made:
    return room.keras(
        of((8, 8, 3), layers.DepthwiseConv2D(3), layers.SeparableConv2D(4, 3), layers.GlobalMaxPooling2D())
    )


@WING.answers("litert", "`UpSampling2D` and `Conv2DTranspose`", ".keras")
def upsampling(room: Room) -> Made:
    up = (layers.UpSampling2D(2, interpolation="bilinear"), layers.UpSampling2D(2), layers.Conv2DTranspose(2, 3, 2))
    return room.keras(of((4, 4, 2), *up))


@WING.answers("litert", "layers that act only while training: `Dropout`, `GaussianNoise`, `RandomFlip`", ".keras")
def random_layers(room: Room) -> Made:
    stack = (
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.GaussianNoise(0.3),
        layers.Flatten(),
        layers.Dropout(0.5),
    )
    return room.keras(of((4, 4, 1), *stack, layers.Dense(2)))


@WING.answers("litert", "normalization of groups, units and spectra", ".keras")
def normalizations(room: Room) -> Made:
    stack = (layers.GroupNormalization(2), layers.UnitNormalization(), layers.SpectralNormalization(layers.Dense(3)))
    return room.keras(of((4,), *stack, layers.RMSNormalization(), layers.PReLU()))


@WING.answers("tensorflow", "mixed precision, float16", ".keras")
def mixed_float16(room: Room) -> Made:
    policy = "mixed_float16"
    stack = (layers.Dense(8, activation="relu", dtype=policy), layers.Dense(2, dtype="float32"))
    return room.keras(of((4,), *stack))


@WING.answers("tensorflow", "mixed precision, bfloat16", ".keras")
def mixed_bfloat16(room: Room) -> Made:
    policy = "mixed_bfloat16"
    stack = (layers.Dense(8, activation="relu", dtype=policy), layers.Dense(2, dtype="float32"))
    return room.keras(of((4,), *stack))


@WING.answers("tensorflow", "bfloat16 throughout", ".keras")
def bfloat16(room: Room) -> Made:
    return room.keras(of((4,), layers.Dense(3, dtype="bfloat16"), dtype="bfloat16"))


@WING.answers("onnxruntime", "float64", ".keras")
def float64(room: Room) -> Made:
    model = of((4,), layers.Dense(3, dtype="float64"), dtype="float64")
    return room.keras(model, lambda batch: {ONLY: room.floats(batch, 4).astype(np.float64)})


@WING.answers("litert", "`Embedding` and `Flatten`", ".h5")
def embedding_h5(room: Room) -> Made:
    model = of((3,), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(1, activation="sigmoid"), dtype="int64")
    return room.keras(model, lambda batch: {ONLY: room.integers(10, batch, 3, dtype="int64")}, suffix=".h5")


@WING.answers("litert", "pictures as bytes (uint8), rescaled", ".keras")
def pictures_as_bytes(room: Room) -> Made:
    model = of((6, 6, 3), layers.Rescaling(1 / 255), layers.Conv2D(2, 3), layers.Flatten(), dtype="uint8")
    return room.keras(model, lambda batch: {ONLY: room.integers(256, batch, 6, 6, 3, dtype="uint8")})


@WING.answers("litert", "a single number for each example", ".keras")
def single_numbers(room: Room) -> Made:
    number = keras.Input((), name="number")
    return room.keras(keras.Model(number, number * 2.0 + 1.0), lambda batch: {"number": room.floats(batch)})


@WING.answers("litert", "a ragged `Input`, which a request gives as values and row splits", ".keras")
def ragged_input_of_keras(room: Room) -> Made:
    words = keras.Input((None,), dtype="int32", ragged=True, name="words")
    model = keras.Model(words, layers.Dense(1)(layers.GlobalAveragePooling1D()(layers.Embedding(10, 3)(words))))

    def feed(batch: int) -> dict[str, np.ndarray]:
        splits = np.concatenate([[0], np.cumsum(1 + np.arange(batch) % 3)]).astype(np.int64)
        return {"words": room.integers(10, int(splits[-1])), "words_row_splits": splits}

    made = room.keras(
        model, feed, give=lambda parts: tf.RaggedTensor.from_row_splits(parts["words"], parts["words_row_splits"])
    )
    np.savez(room.path("samples.npz"), **feed(3))
    return made._replace(samples=room.path("samples.npz"))


@WING.answers("onnxruntime", "a sparse `Input`, which a request gives dense", ".keras")
def sparse_input(room: Room) -> Made:
    rows = keras.Input((6,), sparse=True, name="rows")

    def feed(batch: int) -> dict[str, np.ndarray]:
        rows = room.floats(batch, 6)
        rows[np.abs(rows) < 0.6] = 0.0
        return {"rows": rows}

    return room.keras(keras.Model(rows, layers.Dense(2)(rows)), feed)
