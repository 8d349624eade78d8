"""Where the benchmarks find and keep things."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "benchmarks"
"""What was made once to be measured: models, repositories, files to fetch. Git-ignored."""
SUBJECTS = BUILD / "models"
REPOSITORIES = BUILD / "repositories"
QUICK = BUILD / "quick"
"""What a smoke run writes, instead of the report."""
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs"
