"""What rules read in policy documents of AWS. Imports no Pulumi."""

from typing import Any


def listed(value: Any) -> list[Any]:
    """The values of an element, which a document may write as a list or, if it is only one, as the value itself."""
    return value if isinstance(value, list) else [] if value is None else [value]
