"""What an image adds to its base."""

from tests.images.docker import Image

MB = 1_000_000


def test_the_litert_target_adds_at_most_80_mb(litert: Image, base: Image):
    assert litert.size - base.size <= 80 * MB


def test_the_tensorflow_target_adds_at_most_720_mb(tensorflow: Image, base: Image):
    assert tensorflow.size - base.size <= 720 * MB
