"""Small model repositories for tests of deployment, and settings as Pulumi gives them."""

import json

from ops.example_models import package

__all__ = ["as_configuration", "package"]


def as_configuration(**settings: object) -> dict[str, str]:
    """Settings as Pulumi gives them: text, and JSON for everything that is not text."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
