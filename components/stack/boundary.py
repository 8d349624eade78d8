"""Boundary: a transformation that gives a permissions boundary to all roles of a stack."""

import pulumi
import pulumi_aws as aws


def bound_every_role(permissions_boundary: str | None) -> pulumi.ResourceTransformation:
    """Give each role this policy, by ARN, as its permissions boundary. None bounds no role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """

    def bound(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if permissions_boundary is None or not isinstance(args.resource, aws.iam.Role):
            return None
        return pulumi.ResourceTransformationResult(
            {**args.props, "permissions_boundary": permissions_boundary}, args.opts
        )

    return bound
