"""The policy of an image repository: Lambda may pull from it."""

import pulumi


def let_functions_pull(repository_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Let Lambda pull images for functions of the repository's own account and region.

    Without this policy, Lambda writes one by itself, but only where whoever deploys may call ecr:SetRepositoryPolicy.
    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
    """

    def functions(arn: str) -> str:
        # arn:PARTITION:ecr:REGION:ACCOUNT:repository/NAME
        _, partition, _, region, account, _ = arn.split(":", 5)
        return f"arn:{partition}:lambda:{region}:{account}:function:*"

    pull = {
        "Sid": "LambdaECRImageRetrievalPolicy",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"StringLike": {"aws:SourceArn": repository_arn.apply(functions)}},
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [pull]})
