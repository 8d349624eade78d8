"""Where the benchmarks read and write."""

from models.places import PROJECT

BUILD = PROJECT / "build" / "benchmarks"
"""What is made once and then measured: models, repositories, files to fetch. Git ignores it."""
SUBJECTS = BUILD / "models"
REPOSITORIES = BUILD / "repositories"
QUICK = BUILD / "quick"
"""The results and the report of a smoke run."""
RESULTS = PROJECT / "benchmarks" / "results"
DOCS = PROJECT / "docs"
