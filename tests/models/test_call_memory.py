"""What a call takes is measured with batches of growing size, and the manifest says it."""

import re

import numpy as np
import pytest
import tensorflow as tf

from handlers.manifest import CallMemory, Signature, TensorSpec
from models.packaging.call_memory import LEAST_BYTES, MOST_BYTES, STEP, measure_calls
from models.packaging.function_memory import call_notes
from tests.models import saved_models
from tests.models.growing import measured

WIDE = 1 << 16


@tf.function(input_signature=[saved_models.ROWS])
def widening(rows):
    """Each row becomes 65,536 numbers, and they become one again."""
    return {"sums": tf.reduce_sum(tf.cumsum(rows[:, :1] + tf.range(WIDE, dtype=tf.float32), axis=1), axis=1)}


@pytest.mark.parametrize("form", ["tflite", "frozen_graph"])
def test_the_manifest_says_what_a_row_takes(tmp_path, pack, form):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=widening), forms=[form]).manifest
    (artifact,) = manifest.artifacts
    line = artifact.call_memory["serving_default"]
    assert 4 * WIDE <= 4 * line.bytes_per_element <= 6 * 4 * WIDE  # its numbers once, and a few copies at most
    (note,) = call_notes(manifest)
    found = re.fullmatch(
        r"serving_default: ([\d.]+) MB a row; a function of 1,769 MiB takes ([\d,]+) in one request", note
    )
    assert found
    rows = int(found[2].replace(",", ""))
    assert 1_000 << 20 < line.for_elements(4 * rows) < 1_769 << 20


def test_calls_for_which_every_request_is_small_enough_are_not_mentioned(tmp_path, pack):
    manifest = pack(saved_models.save(tmp_path / "m", serving_default=saved_models.scores), forms=["tflite"]).manifest
    assert list(call_notes(manifest)) == []
    line = CallMemory(base_bytes=1, bytes_per_element=100)  # 600 MB for a request of 6 MB
    grown = manifest.artifacts[0]._replace(call_memory={"serving_default": line})
    assert list(call_notes(manifest._replace(artifacts=(grown,)))) == []


def test_batches_stop_growing_before_they_take_too_much():
    asked, line = measured(LEAST_BYTES)
    assert line is not None
    assert max(asked) * LEAST_BYTES <= MOST_BYTES
    assert line.bytes_per_element * 4 == pytest.approx(LEAST_BYTES, rel=0.2)


def test_one_row_that_takes_much_is_a_measure_too():
    asked, line = measured(MOST_BYTES // 2)
    assert asked == [1]
    assert line is not None
    assert line.bytes_per_element * 4 == pytest.approx(MOST_BYTES // 2, rel=0.2)


def test_a_model_that_takes_no_larger_batch_is_measured_as_far_as_it_goes():
    asked, line = measured(LEAST_BYTES // 2, most_rows=STEP)
    assert asked == [1, STEP, STEP**2]
    assert line is not None


@pytest.mark.parametrize(
    ("shapes", "request_"),
    [
        ({"rows": (2, 2)}, {"rows": np.ones((2, 2))}),
        ({"values": (-1,), "splits": (-1,)}, {"values": np.ones(5), "splits": np.ones(2)}),
        ({"rows": (-1,)}, {"rows": np.ones(0)}),
        ({"rows": None}, {"rows": np.ones(())}),
    ],
    ids=["a fixed size", "no rows in common", "no elements", "a scalar"],
)
def test_a_signature_without_a_batch_is_not_even_loaded(shapes, request_):
    inputs = {name: TensorSpec(dtype="float32", shape=shape) for name, shape in shapes.items()}
    signature = Signature(inputs=inputs, outputs={})
    assert measure_calls(pytest.fail, "predict", signature, request_) is None
