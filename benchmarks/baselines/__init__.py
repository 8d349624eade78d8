"""Handlers to compare with, which run as in an image of their own.

TensorFlow and Keras import these packages wherever they find them, which takes a second and more. A function's image
would not hold them; this environment does, for other work.
"""

import sys

sys.modules.update(dict.fromkeys(("matplotlib", "pandas", "PIL", "scipy", "sklearn")))  # pyright: ignore[reportCallIssue, reportArgumentType]
