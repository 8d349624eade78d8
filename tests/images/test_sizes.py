"""What an image adds to its base."""

from tests.images.docker import Image

MB = 1_000_000


def test_the_litert_target_adds_at_most_80_mb(litert: Image, base: Image):
    assert litert.size - base.size <= 80 * MB


def test_the_onnxruntime_target_adds_at_most_120_mb(onnxruntime: Image, base: Image):
    assert onnxruntime.size - base.size <= 120 * MB


def test_the_tensorflow_target_adds_at_most_760_mb(tensorflow: Image, base: Image):
    """ONNX Runtime is in it, too."""
    assert tensorflow.size - base.size <= 760 * MB
