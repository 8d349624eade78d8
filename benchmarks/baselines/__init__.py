"""Handlers to compare with, which run as in an image of their own.

TensorFlow and Keras import these packages if they are installed, which takes more than a second. They are installed
here for other work, but a function's image would not have them, so this module makes imports of them fail.
"""

import sys

sys.modules.update(dict.fromkeys(("matplotlib", "pandas", "PIL", "scipy", "sklearn")))  # pyright: ignore[reportCallIssue, reportArgumentType]
