"""The policy pack: checks in a preview the same invariants as the tests do.

    pulumi preview --policy-pack policy

Every invariant is mandatory. If a preview does not know a value yet, such as the address of an image that it would
build, Pulumi reports that as advice, and `pulumi up` checks the invariant again.
"""

from invariants import INVARIANTS, STACK_INVARIANTS, Invariant, Resource, StackInvariant
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


def for_each_resource(invariant: Invariant) -> Policy:
    """A policy from an invariant about single resources."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for breach in invariant(args.resource_type, args.name, args.props):
            report(breach, None)

    return ResourceValidationPolicy(name=_name(invariant), description=_description(invariant), validate=validate)


def for_the_stack(invariant: StackInvariant) -> Policy:
    """A policy from an invariant about a whole stack."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for resource, breach in invariant([_previewed(resource) for resource in args.resources]):
            report(f"{resource.name}: {breach}", resource.urn)

    return StackValidationPolicy(name=_name(invariant), description=_description(invariant), validate=validate)


def _previewed(resource: PolicyResource) -> Resource:
    return Resource(
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
