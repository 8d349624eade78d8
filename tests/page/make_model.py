"""Save a model whose input and output are pictures, and a picture for it.

    python -m tests.page.make_model DIRECTORY

`edges` takes `image` float32 [-1, 64, 64, 3] from 0 to 1, and answers where it changes: `edges` [-1, 64, 64, 1]. A
program of its own, so that TensorFlow is imported once and not in the process of the tests.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

SIDE = 64


@tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, name="image")])
def edges(image):
    slopes = tf.image.sobel_edges(tf.image.rgb_to_grayscale(image))
    return {"edges": tf.sqrt(tf.reduce_sum(tf.square(slopes), axis=-1))}


def scene(side: int = 256) -> np.ndarray:
    """A sun above two hills, as uint8 [side, side, 3]."""
    y, x = np.mgrid[0:side, 0:side] / side
    image = np.stack([90 + 60 * y, 140 + 60 * y, 220 - 20 * y], axis=-1)
    image[(x - 0.7) ** 2 + (y - 0.25) ** 2 < 0.015] = (250, 215, 90)
    image[y > 0.6 + 0.12 * np.sin(5 * x)] = (70, 130, 80)
    image[y > 0.75 + 0.1 * np.cos(7 * x)] = (40, 85, 60)
    return image.astype(np.uint8)


def main(directory: Path) -> None:
    tf.saved_model.save(tf.Module(), str(directory / "edges" / "1"), signatures=edges)
    (directory / "scene.png").write_bytes(tf.io.encode_png(scene()).numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
