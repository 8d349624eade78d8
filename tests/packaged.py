"""Small model repositories for tests of deployment, and settings as Pulumi gives them."""

import json

from ops.example_models import package

__all__ = ["WRONG_OPTIONS", "as_configuration", "package"]

WRONG_OPTIONS = (
    (["--config", "memory"], "'memory' is not a setting; write key=value"),
    (["--stack", "absent"], "There is no Pulumi.absent.yaml; there are stack files for dev"),
    (["--config", "memoryMib=12"], "memoryMib: '12' is too small"),
    (["--config", "memmoryMib=512"], "there is no such setting; did you mean 'memoryMib'?"),
)
"""Options that every command refuses which reads a stack's configuration, and part of what it says."""


def as_configuration(**settings: object) -> dict[str, str]:
    """Settings as Pulumi gives them: text, and JSON for everything that is not text."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
