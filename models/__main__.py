"""`python -m models`: trains the sample models, packages any model, publishes it, and moves what answers."""

import sys

from models.cli import main

if __name__ == "__main__":
    sys.exit(main())
