"""Rule: what a configuration may not combine, or had better not. Imports no Pulumi."""

from collections.abc import Callable, Iterator

from components.setting_types import Problem
from components.settings import Settings

Rule = Callable[[Settings], Iterator[Problem]]
"""Takes settings whose values are each allowed, and yields a problem for each mistake, naming its keys and the way
out."""

MIB = 1 << 20
