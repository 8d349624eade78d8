"""How an invocation of the emulator's Lambda reaches a worker: a revision of a function has an address of its own.

A revision is a function's configuration and code at a time. The emulator keeps it with each version that it publishes,
so that an alias goes on meeting the version that it stands for while the function is updated.
"""

import random
import secrets
from typing import Any

from local.functions import Outcome
from local.resources.account import EmulatedAccount

LATEST = "$LATEST"

PROXY_VARIABLE = "MINISTACK_LAMBDA_PROXY_URL"
"""The emulator forwards a function's invocations to the address in this variable of the function's environment."""

POLL = {"Delay": 0.1, "MaxAttempts": 600}
"""How often a waiter looks whether the emulator is done with a function."""


def new_revision() -> str:
    """A name for a function's next revision."""
    return secrets.token_hex(4)


def revision_of(account: EmulatedAccount, function: str, qualifier: str) -> str | None:
    """The revision that a version or alias stands for; None where the emulator has no such function of ours."""
    lambda_ = account.client("lambda")
    found = lambda_.get_function_configuration(FunctionName=function, Qualifier=qualifier)
    return account.invoke_api.revision_in(variables_of(found).get(PROXY_VARIABLE, ""))


def invoke_alias(account: EmulatedAccount, function: str, alias: str, event: bytes) -> Outcome:
    """Run a function on a request to its URL: the version that the alias chooses by its weights.

    Raises InvokeError where Lambda refuses it, or the function's role lacks what the version needs.
    """
    version = alias
    if alias != LATEST:
        found = account.client("lambda").get_alias(FunctionName=function, Name=alias)
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        shares = [1 - sum(weights.values()), *weights.values()]
        [version] = random.choices([found["FunctionVersion"], *weights], shares)  # noqa: S311 no secret depends on it
    revision = revision_of(account, function, version)
    account.invoke_api.refuse_lacking(function, revision)
    return account.invocations.invoke(function, event, revision=revision)


def variables_of(configuration: Any) -> dict[str, str]:
    """A function's environment, the emulator's own variable among it."""
    return dict(configuration.get("Environment", {}).get("Variables", {}))


def invoke_arn(account: EmulatedAccount, arn: str) -> str:
    """What API Gateway is given to call a function."""
    return f"arn:aws:apigateway:{account.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
