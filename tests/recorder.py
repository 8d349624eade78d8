"""The recorder under the name that tests use. A type's computed outputs are added in `ops/recorded_aws.py`."""

from collections.abc import Callable
from typing import Any

import pytest

from ops.recorded_aws import ACCOUNT, COMPUTED, REGION, RecordedAws, StoredObject
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
    "refuse_resources",
]

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/handlers@sha256:" + "0" * 64
"""An image in the recorded account."""

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b"
WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/shield/0a1b"
"""What a stack may be given, in the recorded account and region."""


def refuse_resources(monkeypatch: pytest.MonkeyPatch, reason: Callable[[Any], str | None]) -> None:
    """Have the recorded AWS refuse the resources for which `reason` says why."""
    make = RecordedAws.new_resource

    def new_resource(self: RecordedAws, args: Any) -> Any:
        if (refusal := reason(args)) is not None:
            raise RuntimeError(refusal)
        return make(self, args)

    monkeypatch.setattr(RecordedAws, "new_resource", new_resource)
