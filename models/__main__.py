"""`python -m models`: trains the sample models, packages any model, and lists and verifies a repository."""

import sys

from models.cli import main

if __name__ == "__main__":
    sys.exit(main())
