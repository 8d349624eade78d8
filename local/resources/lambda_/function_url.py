"""aws.lambda.FunctionUrl"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from local.function_urls import OPEN, FunctionAddress
from local.resources.lambda_.invoking import LATEST, invoke_alias
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import answered, chosen

PUBLIC = {
    "FunctionURLAllowPublicAccess": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": OPEN},
    "FunctionURLInvokeAllowPublicAccess": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}
"""By statement, what the provider permits everyone where a URL asks for nothing. It never takes these back."""


class FunctionUrl(ResourceType):
    """The emulator keeps the configuration; a server of the local stack answers."""

    pulumi_type = "aws:lambda/functionUrl:FunctionUrl"
    computed = ("functionArn", "functionUrl", "urlId")

    def make(self, inputs: Inputs) -> str:
        self.client().create_function_url_config(**_target(inputs), **_settings(inputs))
        if inputs["authorizationType"] == OPEN:
            self._permit_everyone(inputs)
        url_id = self.account.function_urls.new_id()
        self.account.ledger.put(self.pulumi_type, _id(inputs), {"urlId": url_id})
        self._open(url_id, inputs)
        return _id(inputs)

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        function, _, qualifier = resource_id.partition("/")
        target = {"functionName": function, **({"qualifier": qualifier} if qualifier else {})}
        found = self.client().get_function_url_config(**_target(target))
        kept = self.account.ledger.get(self.pulumi_type, resource_id)
        if kept is None:
            return None
        whole = {**target, "authorizationType": found["AuthType"], **answered(found, ("cors",))}
        return {
            **whole,
            "functionArn": found["FunctionArn"],
            "invokeMode": found["InvokeMode"],
            "urlId": kept["urlId"],
            "functionUrl": self._open(kept["urlId"], whole),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().update_function_url_config(**_target(new), **_settings({"cors": {}, **new}))
        if new["authorizationType"] == OPEN != old["authorizationType"]:
            self._permit_everyone(new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_function_url_config(**_target(known))
        self.account.function_urls.close(str(known["urlId"]))
        self.account.ledger.drop(self.pulumi_type, resource_id)

    def _open(self, url_id: str, inputs: Inputs) -> str:
        address = FunctionAddress(
            invoke=partial(
                invoke_alias, self.account, inputs["functionName"].rpartition(":")[2], inputs.get("qualifier") or LATEST
            ),
            auth=inputs["authorizationType"],
            cors=inputs.get("cors") or {},
        )
        return self.account.function_urls.open(url_id, address)

    def _permit_everyone(self, inputs: Inputs) -> None:
        lambda_ = self.client()
        for statement, permission in PUBLIC.items():
            try:
                lambda_.add_permission(**_target(inputs), StatementId=statement, Principal="*", **permission)
            except lambda_.exceptions.ResourceConflictException:
                continue  # an earlier URL of the alias left it


def _id(inputs: Inputs) -> str:
    return "/".join(filter(None, (inputs["functionName"], inputs.get("qualifier"))))


def _target(inputs: Inputs) -> dict[str, Any]:
    return {"FunctionName": inputs["functionName"], **chosen(inputs, ("qualifier",))}


def _settings(inputs: Inputs) -> dict[str, Any]:
    mode = {"InvokeMode": inputs.get("invokeMode", "BUFFERED")}
    return {"AuthType": inputs["authorizationType"], **mode, **chosen(inputs, ("cors",))}
