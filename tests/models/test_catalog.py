"""The sample models: listed, good enough, reproducible."""

import json

import numpy as np
import pytest

from models.samples.catalog import CatalogError, load_catalog
from models.samples.training import METRICS_FILE, train_entry
from tests.models.asking import current_manifest


@pytest.mark.parametrize("name", load_catalog())
def test_a_sample_model_is_as_good_as_the_catalog_asks(exports, name):
    metrics = json.loads((exports / name / METRICS_FILE).read_text())
    assert load_catalog()[name].accepts(metrics["value"])


@pytest.mark.parametrize("name", load_catalog())
def test_the_held_out_set_has_every_input_and_a_label_for_each_example(repository, exports, name):
    manifest = current_manifest(repository, name)
    with np.load(exports / name / "test.npz") as held_out:
        for signature in manifest.signatures.values():
            assert {len(held_out[key]) for key in signature.inputs} == {len(held_out["label"])}


def test_digits_take_pixels_on_litert_and_png_bytes_on_tensorflow(repository):
    manifest = current_manifest(repository, "digits")
    assert manifest.artifact_for("serving_default").engine == "litert"
    assert manifest.artifact_for("png").engine == "tensorflow"
    assert manifest.signatures["png"].inputs["png_bytes"].dtype == "string"
    assert set(manifest.warmup["png"]["png_bytes"][0]) == {"b64"}


def test_training_again_gives_the_same_weights(tmp_path):
    import tensorflow as tf

    entry = load_catalog()["iris"]
    assert train_entry(entry, tmp_path / "one")
    assert train_entry(entry, tmp_path / "two")
    assert not train_entry(entry, tmp_path / "two")
    one, two = (tf.train.load_checkpoint(tmp_path / n / "iris/saved_model/variables/variables") for n in ("one", "two"))
    names = [name for name in one.get_variable_to_shape_map() if "VARIABLE_VALUE" in name]
    assert names
    for name in names:
        np.testing.assert_array_equal(one.get_tensor(name), two.get_tensor(name))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[iris]\nsummary = 's'", "lacks"),
        ("[iris]\nsummary = 's'\ntrainer = 'm:f'\nbest = 1", "best"),
        ("['a/b']\nsummary = 's'\ntrainer = 'm:f'", "a/b"),
        ("[iris]\nsummary = 's'\ntrainer = 'm'", "module:function"),
        ("[iris", "catalog.toml"),
    ],
)
def test_a_wrong_catalog_says_what_is_wrong(tmp_path, text, reason):
    (tmp_path / "catalog.toml").write_text(text)
    with pytest.raises(CatalogError, match=reason):
        load_catalog(tmp_path / "catalog.toml")
