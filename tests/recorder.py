"""The recorder under the name that tests use. A type's computed outputs are added in `ops/recorded_aws.py`."""

from ops.recorded_aws import ACCOUNT, COMPUTED, REGION, StoredObject
from ops.recorder import Recorder, Registered, deploy

__all__ = [
    "ACCOUNT",
    "CERTIFICATE",
    "COMPUTED",
    "IMAGE",
    "REGION",
    "WEB_ACL",
    "Recorder",
    "Registered",
    "StoredObject",
    "deploy",
]

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/handlers@sha256:" + "0" * 64
"""An image in the recorded account."""

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b"
WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/shield/0a1b"
"""What a stack may be given, in the recorded account and region."""
