"""ECR's rule for functions: Lambda pulls only from a repository whose policy admits it."""

import json

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused
from local.resources.resource_type import code_of, says_gone

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def of_pull(account: EmulatedAccount, operation: str, image_uri: str) -> None:
    """An image of one of the account's repositories.

    Lambda writes the policy by itself where whoever deploys may set it. Here, whoever deploys may not.
    """
    repository = image_uri.partition("/")[2].partition("@")[0].partition(":")[0]
    if not repository:
        return  # without a registry
    try:
        policy = account.client("ecr").get_repository_policy(repositoryName=repository)["policyText"]
    except ClientError as error:
        if not says_gone(error):
            raise
        if code_of(error) == "RepositoryNotFoundException":
            return  # another account's or another registry's, which only AWS can judge
        policy = "{}"
    if not _admits_lambda(policy):
        message = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
        raise refused(operation, "AccessDeniedException", message)


def _admits_lambda(policy: str) -> bool:
    granted = {
        action
        for statement in json.loads(policy).get("Statement", ())
        if statement.get("Principal") == {"Service": "lambda.amazonaws.com"}
        for action in statement["Action"]
    }
    return granted >= set(PULL)
