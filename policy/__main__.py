"""The policy pack: the invariants that the tests hold, held over what a preview is about to do.

    pulumi preview --policy-pack policy

Every invariant is mandatory. What a preview cannot know yet, such as the address of an image that is still to be built,
is said as advice and checked again by `pulumi up`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invariants import INVARIANTS, STACK_INVARIANTS, Invariant, StackInvariant
from pulumi_policy import (  # pyright: ignore[reportMissingImports] -- it is in this directory's own environment
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)


@dataclass(frozen=True, kw_only=True)
class PreviewedResource:
    """A resource as the invariants look at it."""

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]


def for_each_resource(invariant: Invariant) -> Policy:
    """An invariant of single resources as a policy."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for breach in invariant(args.resource_type, args.name, args.props):
            report(breach, None)

    return ResourceValidationPolicy(name=_name(invariant), description=_description(invariant), validate=validate)


def for_the_stack(invariant: StackInvariant) -> Policy:
    """An invariant between resources as a policy."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for resource, breach in invariant([_previewed(resource) for resource in args.resources]):
            report(f"{resource.name}: {breach}", resource.urn)

    return StackValidationPolicy(name=_name(invariant), description=_description(invariant), validate=validate)


def _previewed(resource: PolicyResource) -> PreviewedResource:
    return PreviewedResource(
        type=resource.resource_type,
        name=resource.name,
        urn=resource.urn,
        inputs=resource.props,
        dependencies=frozenset(awaited.urn for awaited in resource.dependencies),
    )


def _name(invariant: Invariant | StackInvariant) -> str:
    return invariant.__name__.replace("_", "-")


def _description(invariant: Invariant | StackInvariant) -> str:
    return (invariant.__doc__ or "").strip().splitlines()[0]


PolicyPack(
    name="tensorflow-lambda",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[*map(for_each_resource, INVARIANTS), *map(for_the_stack, STACK_INVARIANTS)],
)
