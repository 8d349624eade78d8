"""aws.lambda.Invocation: a function that runs while the program is deployed."""

import json
from collections.abc import Mapping
from typing import Any

from local.functions import Outcome
from local.resources.lambda_.invoking import LATEST, revision_of
from local.resources.refusals import lambda_ as refusals
from local.resources.resource_type import Inputs, ResourceType


class Invocation(ResourceType):
    """The function runs when the resource is created. What it answered is kept."""

    pulumi_type = "aws:lambda/invocation:Invocation"
    computed = ("result",)
    takes_time = True

    def make(self, inputs: Inputs) -> str:
        function, qualifier = inputs["functionName"], inputs.get("qualifier", LATEST)
        revision = None if qualifier == LATEST else revision_of(self.account, function, qualifier)
        name = function.rpartition(":")[2]
        refusals.of_invocation(self.account, name)
        event = inputs["input"].encode()
        outcome = self.account.invocations.invoke(name, event, patient=True, revision=revision)
        if outcome.failed:
            raise InvocationFailed(name, outcome, self.account.invocations.logs(name).tail())
        resource_id = f"{name}_{qualifier}_{outcome.report.request_id}"
        self.account.ledger.put(self.pulumi_type, resource_id, {"result": outcome.payload.decode()})
        return resource_id

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        return self.account.ledger.get(self.pulumi_type, resource_id) or {"result": known.get("result", "")}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        """Nothing: what is updated in place says only when a function is called."""

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.account.ledger.drop(self.pulumi_type, resource_id)


class InvocationFailed(Exception):
    """A function that the deployment called failed; the message has its error and its last lines."""

    def __init__(self, function: str, outcome: Outcome, log: str) -> None:
        error = json.loads(outcome.payload)
        super().__init__(
            f"{function} failed with {error.get('errorType')}: {error.get('errorMessage')}\nIts last lines:\n{log}"
        )
