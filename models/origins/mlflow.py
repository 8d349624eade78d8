"""`mlflow:models:/NAME@ALIAS`: a model of an MLflow registry, or with `mlflow:runs:/ID/PATH` one of a run."""

import os
from pathlib import Path

from models.origins.errors import OriginError, explained
from models.origins.extras import extra
from models.progress import Say
from models.quiet import captured_output

REQUIREMENT = "mlflow-skinny==3.17.2"
KINDS = ("models:/", "runs:/")
REGISTRY = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
"""Where MLflow's client looks for the registry."""


def fetch(address: str, directory: Path, say: Say) -> None:
    """Bring the files of a logged model into a directory. Raises OriginError."""
    uri = address.partition(":")[2]
    if not uri.startswith(KINDS):
        raise OriginError(
            f"{address} names no model of MLflow; write mlflow:models:/NAME@ALIAS, mlflow:models:/NAME/VERSION or "
            "mlflow:runs:/RUN/PATH"
        )
    if not any(os.environ.get(name) for name in REGISTRY):
        raise OriginError(f"{address}: set {REGISTRY[0]} to the address of the registry")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # by default it tries for minutes
    artifacts = extra("mlflow.artifacts", requirement=REQUIREMENT, where=address)
    say("downloading from MLflow")
    with explained(address), captured_output():
        artifacts.download_artifacts(artifact_uri=uri, dst_path=str(directory))
