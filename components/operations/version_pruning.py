"""VersionPruning: removes versions of functions that no alias needs. AWS bills the snapshot of each version."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.tool_function import ToolFunctionArgs, tool_function
from components.retries import NOT_READY, until_it_holds
from components.role_policies import functions_by_policy
from handlers.contract import PRUNE_VERSIONS_HANDLER, Architecture


@dataclass(frozen=True, kw_only=True)
class PrunedFunction:
    """A function whose old versions are removed."""

    name: str
    """Plain: part of the resources' names."""
    function_name: pulumi.Input[str]
    function_arn: pulumi.Input[str]
    version: pulumi.Input[str]
    """The newest version. A new one calls for pruning. It stays, so that a shift to it may still be under way."""
    after: pulumi.Resource
    """What comes first: the alias moves to the new version, unless it is shifted in steps."""


@dataclass(frozen=True, kw_only=True)
class VersionPruningArgs:
    functions: Sequence[PrunedFunction]
    kept: int
    """How many of the newest versions stay besides those that an alias needs."""
    image_uri: pulumi.Input[str]
    architecture: Architecture
    log_retention_days: int
    kms_key_arn: pulumi.Input[str] | None = None

    def __post_init__(self) -> None:
        if self.kept < 1:
            raise ValueError(f"kept is {self.kept}; allowed is 1 or more: the newest version may still be shifted to")


class VersionPruning(pulumi.ComponentResource):
    """A function that deletes old versions, and a call of it for each new version of each function."""

    def __init__(self, name: str, args: VersionPruningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:VersionPruning", name, None, opts)
        grants, *further = _grants(name, args.functions)
        pruner = tool_function(
            name,
            ToolFunctionArgs(
                image_uri=args.image_uri,
                handler=PRUNE_VERSIONS_HANDLER,
                architecture=args.architecture,
                memory_mib=256,
                timeout_seconds=60,
                grants=grants,
                further_policies=further,
                log_retention_days=args.log_retention_days,
                kms_key_arn=args.kms_key_arn,
            ),
            self,
        )
        for each in args.functions:
            aws.lambda_.Invocation(
                f"{name}-{each.name}",
                function_name=pruner.name,
                input=pulumi.Output.json_dumps({"function": each.function_name, "keep": args.kept}),
                triggers={"version": each.version},
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[each.after], hooks=until_it_holds(f"{name}-{each.name}", NOT_READY)
                ),
            )
        self.register_outputs({})


def _grants(name: str, functions: Sequence[PrunedFunction]) -> list[list[iam.Statement]]:
    """Grant reading versions and aliases, and deleting versions, but no function as a whole."""
    by_name = {each.name: each for each in functions}
    policies: list[list[iam.Statement]] = []
    for group in functions_by_policy(name, list(by_name)):
        arns = [by_name[each].function_arn for each in group]
        versions = [pulumi.Output.concat(arn, ":*") for arn in arns]
        policies.append(
            [
                iam.allow(["lambda:ListAliases", "lambda:ListVersionsByFunction"], arns),
                iam.allow(["lambda:DeleteFunction"], versions),
            ]
        )
    return policies
