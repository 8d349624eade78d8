"""The recorder under the name that tests use. A type's computed outputs are added in `ops/recorded_aws.py`."""

from ops.recorded_aws import ACCOUNT, COMPUTED, REGION, StoredObject
from ops.recorder import Recorder, Registered, deploy

__all__ = ["ACCOUNT", "COMPUTED", "IMAGE", "REGION", "Recorder", "Registered", "StoredObject", "deploy"]

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/handlers@sha256:" + "0" * 64
"""An image in the recorded account."""
