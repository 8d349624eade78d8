"""Trained models that others published are packaged, and still give the answers they are known for."""

from pathlib import Path

import keras
import numpy as np
import pytest

from models import places
from models.samples.third_party import FetchError, fetch, load_third_party
from tests.models.asking import answer


def fetched(name: str) -> Path:
    """Where the model is; skips the test where it is not and cannot be downloaded."""
    model = load_third_party()[name]
    try:
        fetch(model, places.THIRD_PARTY)
    except FetchError as error:
        pytest.skip(f"{error}; `python -m models fetch-samples` fetches it where there is a network")
    return model.path(places.THIRD_PARTY)


def tone(hertz: float, rate: int, samples: int) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate).astype(np.float32)


def test_basic_pitch_hears_a_440_hz_tone_as_midi_69(empty, pack, tmp_path):
    audio = tone(440, 22050, 43844).reshape(1, -1, 1)
    np.savez(tmp_path / "samples.npz", input_2=audio)
    packaged = pack(fetched("basic-pitch") / "nmp", samples=tmp_path / "samples.npz", forms=("frozen_graph",))
    note = answer(empty, packaged.manifest, "serving_default", {"input_2": audio})["note"]
    assert note.shape == (1, 172, 88)
    assert 21 + int(np.argmax(note[0].mean(axis=0))) == 69


def test_a_saved_model_with_keras_2_optimizer_slots_converts_to_litert(empty, pack):
    packaged = pack(fetched("basic-pitch") / "nmp", forms=("tflite",), tolerance=0.05)
    assert packaged.manifest.artifacts[0].engine == "litert"


def test_fer_is_served_from_its_keras_2_file(empty, pack):
    packaged = pack(fetched("fer") / "emotion_model.hdf5")
    (name,) = packaged.manifest.signatures["serving_default"].inputs
    faces = np.zeros((3, 64, 64, 1), np.float32)
    (emotions,) = answer(empty, packaged.manifest, "serving_default", {name: faces}).values()
    assert emotions.shape == (3, 7)
    np.testing.assert_allclose(emotions.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "file"), [("basic-pitch", "nmp.tflite"), ("fer", "emotion_model_quantized.tflite")], ids=["pitch", "fer"]
)
def test_a_published_litert_file_is_served_as_it_is(empty, pack, model, file):
    packaged = pack(fetched(model) / file)
    assert [artifact.form for artifact in packaged.manifest.artifacts] == ["tflite"]


def crepe_tiny(weights: Path) -> keras.Model:
    """The published architecture of CREPE at its smallest capacity, with its trained weights."""
    layers, frame = keras.layers, keras.Input((1024,), name="input")
    x = layers.Reshape((1024, 1))(frame)
    for index, filters in enumerate((128, 16, 16, 16, 32, 64), start=1):
        width, stride = (512, 4) if index == 1 else (64, 1)
        x = layers.Conv1D(filters, width, stride, "same", activation="relu", name=f"conv{index}")(x)
        x = layers.BatchNormalization(name=f"conv{index}-BN")(x)
        x = layers.MaxPooling1D(2)(x)
    x = layers.Flatten()(x)
    model = keras.Model(frame, layers.Dense(360, activation="sigmoid", name="classifier")(x))
    model.load_weights(weights)
    return model


def test_crepe_hears_a_440_hz_tone(empty, pack, tmp_path):
    crepe_tiny(fetched("crepe-tiny") / "weights.h5").save(tmp_path / "crepe.keras")
    frame = tone(440, 16000, 1024)
    np.savez(tmp_path / "samples.npz", input=((frame - frame.mean()) / frame.std())[None])
    packaged = pack(tmp_path / "crepe.keras", samples=tmp_path / "samples.npz")
    with np.load(tmp_path / "samples.npz") as samples:
        (salience,) = answer(empty, packaged.manifest, "serving_default", dict(samples)).values()
    cents = 1997.3794084376191 + 20 * int(np.argmax(salience[0]))
    assert 10 * 2 ** (cents / 1200) == pytest.approx(440, rel=0.01)
