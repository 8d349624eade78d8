"""aws.lambda.Function, of an image."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from local.resources.ec2.networks import default_group
from local.resources.lambda_.invoking import LATEST, POLL, PROXY_VARIABLE, invoke_arn, new_revision, variables_of
from local.resources.lambda_.running import DEFAULTS, runnable
from local.resources.refusals import lambda_ as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.values import same
from local.resources.words import answered, camelized, chosen, tag_changes

CODE = ("architectures", "imageUri")
CONFIGURATION = (
    *("description", "environment", "ephemeralStorage", "fileSystemConfig", "imageConfig", "kmsKeyArn"),
    *("loggingConfig", "memorySize", "role", "snapStart", "timeout", "tracingConfig", "vpcConfig"),
)
"""A change of any of these, or of the code, makes a new version where versions are published."""

TURNED_OFF: Mapping[str, Any] = {
    "snapStart": {"applyOn": "None"},
    "tracingConfig": {"mode": "PassThrough"},
    "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
}
"""How an update takes away what the program does not ask for any more."""


class Function(ResourceType):
    """A function whose revisions are registered with the workers, and whose network interfaces hold its VPC."""

    pulumi_type = "aws:lambda/function:Function"
    computed = (
        *("arn", "codeSha256", "invokeArn", "lastModified", "qualifiedArn", "qualifiedInvokeArn"),
        *("responseStreamingInvokeArn", "version"),
    )
    takes_time = True

    def make(self, inputs: Inputs) -> str:
        refusals.of_function(self.account, "CreateFunction", inputs)
        name, revision = inputs["name"], new_revision()
        with self.account.alone_in(self.service):
            made = self.client().create_function(
                FunctionName=name,
                PackageType=inputs.get("packageType", "Image"),
                Code={"ImageUri": inputs["imageUri"]},
                Publish=bool(inputs.get("publish")),
                Tags=inputs.get("tags") or {},
                **chosen(inputs, ("architectures",)),
                **self._configuration(inputs, revision),
            )
        self.client().get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=POLL)
        self._attach(name, inputs)
        self._register(inputs, revision, made["Version"] if inputs.get("publish") else LATEST)
        return name

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_function(FunctionName=resource_id)
        configuration, arn = found["Configuration"], found["Configuration"]["FunctionArn"]
        version = self._latest_version(resource_id)
        keys = "architectures description ephemeralStorage lastModified memorySize role timeout".split()
        image = found.get("Code", {}).get("ImageUri") or known.get("imageUri", "")
        variables = {key: value for key, value in variables_of(configuration).items() if key != PROXY_VARIABLE}
        network = camelized(configuration.get("VpcConfig") or {})
        return {
            "arn": arn,
            "name": resource_id,
            "version": version,
            "qualifiedArn": f"{arn}:{version}",
            "invokeArn": invoke_arn(self.account, arn),
            "qualifiedInvokeArn": invoke_arn(self.account, f"{arn}:{version}"),
            "responseStreamingInvokeArn": invoke_arn(self.account, arn).replace(
                "/invocations", "/response-streaming-invocations"
            ),
            "codeSha256": image.rpartition("sha256:")[2],
            "imageUri": image,
            **answered(configuration, keys),
            **({"environment": {"variables": variables}} if variables else {}),
            **(
                {"vpcConfig": {key: network[key] for key in TURNED_OFF["vpcConfig"]}}
                if network.get("subnetIds")
                else {}
            ),
            "tags": found.get("Tags", {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        differ = _differ(old, new)
        if differ((*CODE, *CONFIGURATION)):
            self._revise(resource_id, new, recoded=differ(CODE))
        elif differ(("reservedConcurrentExecutions",)):
            self._register(new, self.account.invocations.function(resource_id).revision, str(old["version"]))
        self._retag(str(old["arn"]), old, new)

    def _revise(self, resource_id: str, new: Inputs, *, recoded: bool) -> None:
        """Give a function another revision; its versions keep theirs."""
        lambda_, account = self.client(), self.account
        refusals.of_function(account, "UpdateFunctionConfiguration", new)
        self._attach(resource_id, new)
        revision = new_revision()
        self._register(new, revision, LATEST)
        lambda_.update_function_configuration(FunctionName=resource_id, **self._configuration(new, revision))
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=resource_id, WaiterConfig=POLL)
        if recoded:
            code = {"ImageUri": new["imageUri"], **chosen(new, ("architectures",))}
            lambda_.update_function_code(FunctionName=resource_id, **code)
            lambda_.get_waiter("function_updated_v2").wait(FunctionName=resource_id, WaiterConfig=POLL)
        if new.get("publish"):
            self._register(new, revision, lambda_.publish_version(FunctionName=resource_id)["Version"])
        else:
            account.invocations.lead(resource_id, {revision})
        if not new.get("vpcConfig"):
            account.interfaces.detach(resource_id)

    def remove(self, resource_id: str, known: Inputs) -> None:
        if known.get("skipDestroy"):
            return
        self.client().delete_function(FunctionName=resource_id)
        self.account.invocations.remove(resource_id)
        self.account.interfaces.detach(resource_id, self._replacement(known))

    def _configuration(self, inputs: Inputs, revision: str) -> dict[str, Any]:
        variables = dict(inputs.get("environment", {}).get("variables", {}))
        proxy = self.account.invoke_api.gateway_url(inputs["name"], revision)
        mount = inputs.get("fileSystemConfig")
        whole = {**DEFAULTS, **TURNED_OFF, **inputs}
        keys = "description ephemeralStorage loggingConfig memorySize role snapStart timeout tracingConfig vpcConfig"
        return {
            **chosen(whole, keys.split()),
            "KMSKeyArn": inputs.get("kmsKeyArn", ""),
            "ImageConfig": {"Command": inputs["imageConfig"]["commands"]},
            "FileSystemConfigs": [{"Arn": mount["arn"], "LocalMountPath": mount["localMountPath"]}] if mount else [],
            "Environment": {"Variables": {**variables, PROXY_VARIABLE: proxy}},
        }

    def _register(self, inputs: Inputs, revision: str, version: str) -> None:
        self.account.invocations.register(runnable(self.account, inputs, revision, version))

    def _attach(self, resource_id: str, inputs: Inputs) -> None:
        if network := inputs.get("vpcConfig"):
            self.account.interfaces.attach(resource_id, network["subnetIds"], network["securityGroupIds"])

    def _replacement(self, known: Inputs) -> Sequence[str]:
        """The groups that a deleted function's interfaces get, where its own need not wait for them."""
        network = known.get("vpcConfig")
        if not network or not known.get("replaceSecurityGroupsOnDestroy"):
            return ()
        if groups := known.get("replacementSecurityGroupIds"):
            return groups
        [subnet] = self.client("ec2").describe_subnets(SubnetIds=network["subnetIds"][:1])["Subnets"]
        return [default_group(self.account, subnet["VpcId"])]

    def _latest_version(self, resource_id: str) -> str:
        pages = self.client().get_paginator("list_versions_by_function").paginate(FunctionName=resource_id)
        published = [int(each["Version"]) for page in pages for each in page["Versions"] if each["Version"].isdigit()]
        return str(max(published)) if published else LATEST

    def _retag(self, arn: str, old: Inputs, new: Inputs) -> None:
        gone, given = tag_changes(old, new)
        if gone:
            self.client().untag_resource(Resource=arn, TagKeys=gone)
        if given:
            self.client().tag_resource(Resource=arn, Tags=given)


def _differ(old: Inputs, new: Inputs) -> Callable[[Iterable[str]], bool]:
    before, after = {**DEFAULTS, **old}, {**DEFAULTS, **new}
    return lambda keys: any(not same(before.get(key), after.get(key), key) for key in keys)
