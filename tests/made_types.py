"""The types of resources that the components make, read from their sources."""

import ast
from collections.abc import Iterator
from functools import cache
from operator import attrgetter

import pulumi
import pulumi_aws
import pulumi_docker

from tests.paths import PROJECT

PROVIDERS = {"aws": pulumi_aws, "docker": pulumi_docker}
"""By the name that the components import them as."""


@cache
def made_types() -> frozenset[str]:
    """Such as `aws:s3/bucket:Bucket`."""
    return frozenset(type_ for file in (PROJECT / "components").rglob("*.py") for type_ in _named_in(file.read_text()))


def _named_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        provider, _, path = ast.unparse(node).partition(".") if isinstance(node, ast.Attribute) else ("", "", "")
        if provider in PROVIDERS and "(" not in path:
            named = attrgetter(path)(PROVIDERS[provider])
            if isinstance(named, type) and issubclass(named, pulumi.CustomResource):
                yield getattr(named, "pulumi_type")  # noqa: B009 the base class does not declare it
