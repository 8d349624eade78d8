"""The shapes of a stack that `Pulumi.yaml` describes: what its functions serve, and where their models live."""

from typing import Literal

Mode = Literal["single", "multi"]
Storage = Literal["s3", "efs", "s3files", "image"]
