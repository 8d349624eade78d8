"""The modes of the program, as `Pulumi.yaml` describes them."""

from typing import Literal

Mode = Literal["single", "multi"]
