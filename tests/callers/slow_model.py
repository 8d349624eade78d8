"""Saves a model that counts as far as it is asked to. Needs TensorFlow.

python -m tests.callers.slow_model DIRECTORY
"""

import sys

import tensorflow as tf


class Counter(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="steps")])
    def count(self, steps: tf.Tensor) -> dict[str, tf.Tensor]:
        """A loop of as many steps as the input says."""
        start = [tf.constant(0), tf.cast(steps, tf.float32)]
        _, counted = tf.while_loop(lambda i, y: i < tf.reduce_max(steps), lambda i, y: (i + 1, tf.sin(y)), start)
        return {"counted": counted}


if __name__ == "__main__":
    counter = Counter()
    tf.saved_model.save(counter, sys.argv[1], signatures=counter.count)
