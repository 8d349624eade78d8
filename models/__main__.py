"""python -m models: train the sample models, package any model, see what is in a repository."""

import sys

from models.cli import main

if __name__ == "__main__":
    sys.exit(main())
