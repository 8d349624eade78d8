"""VersionPruning: removes versions of functions that no alias needs. AWS bills the snapshot of each version."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.tool_function import ToolFunctionArgs, ToolRuntime, tool_function
from components.operations.operated_function import OperatedFunction
from components.retries import NOT_READY, until_it_holds
from components.role_policies import functions_by_policy
from handlers.contract import PRUNE_VERSIONS_HANDLER


@dataclass(frozen=True, kw_only=True)
class VersionPruningArgs:
    functions: Sequence[OperatedFunction]
    kept: int
    """How many of the newest versions stay besides those that an alias needs. At least the newest: a shift to it may
    still be under way."""
    runtime: ToolRuntime

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
                runtime=args.runtime,
                handler=PRUNE_VERSIONS_HANDLER,
                memory_mib=256,
                timeout_seconds=60,
                grants=grants,
                further_policies=further,
            ),
            self,
        )
        for each in args.functions:
            # A new version calls for pruning, after the alias has moved to it, unless traffic is shifted in steps.
            aws.lambda_.Invocation(
                f"{name}-{each.name}",
                function_name=pruner.name,
                input=pulumi.Output.json_dumps({"function": each.function.function_name, "keep": args.kept}),
                triggers={"version": each.function.version},
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[each.function], hooks=until_it_holds(f"{name}-{each.name}", NOT_READY)
                ),
            )
        self.register_outputs({})


def _grants(name: str, functions: Sequence[OperatedFunction]) -> list[list[iam.Statement]]:
    """Grant reading versions and aliases, and deleting versions, but no function as a whole."""
    arn_of = {each.name: each.function.function_arn for each in functions}
    policies: list[list[iam.Statement]] = []
    for group in functions_by_policy(name, list(arn_of)):
        arns = [arn_of[each] for each in group]
        versions = [pulumi.Output.concat(arn, ":*") for arn in arns]
        policies.append(
            [
                iam.allow(["lambda:ListAliases", "lambda:ListVersionsByFunction"], arns),
                iam.allow(["lambda:DeleteFunction"], versions),
            ]
        )
    return policies
