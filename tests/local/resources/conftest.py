"""The resource types on an emulated account, without an engine."""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.invoke_api import InvokeApi
from local.resources.account import EmulatedAccount
from local.resources.provider import EmulatedProvider, Named
from local.resources.resource_type import State
from tests.paths import PROJECT

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

IMAGE = "repository@sha256:" + "0" * 64


@pytest.fixture
def account(guard, emulator, invocations) -> Iterator[EmulatedAccount]:
    invoke_api = InvokeApi(invocations)
    yield EmulatedAccount(guard, emulator, invocations, invoke_api, PROJECT)
    invoke_api.stop()


@pytest.fixture
def provider(account: EmulatedAccount) -> EmulatedProvider:
    return EmulatedProvider(account)


class Cloud:
    """Makes, changes and deletes resources as the engine would: checked first."""

    def __init__(self, provider: EmulatedProvider) -> None:
        self.provider = provider
        self._inputs: dict[str, dict[str, Any]] = {}

    def create(self, pulumi_type: str, **inputs: Any) -> State:
        resource = Named(pulumi_type=pulumi_type, name=f"r{secrets.token_hex(4)}")
        checked = self.provider.check(resource, inputs)
        state = self.provider.create(resource, checked)
        self._inputs[state.id] = checked
        return state

    def update(self, pulumi_type: str, state: State, **inputs: Any) -> State:
        resource = Named(pulumi_type=pulumi_type, name="updated")
        checked = self.provider.check(resource, inputs, self._inputs[state.id])
        self._inputs[state.id] = checked
        return self.provider.update(resource, state.id, state.outputs, checked)

    def read(self, pulumi_type: str, state: State) -> State | None:
        resource = Named(pulumi_type=pulumi_type, name="read")
        found = self.provider.read(resource, state.id, state.outputs, self._inputs[state.id])
        return None if found is None else found[0]

    def delete(self, pulumi_type: str, state: State) -> None:
        """Delete a resource, and see that it is gone."""
        self.provider.delete(Named(pulumi_type=pulumi_type, name="deleted"), state.id, state.outputs)
        assert self.read(pulumi_type, state) is None


@pytest.fixture
def cloud(provider: EmulatedProvider) -> Cloud:
    return Cloud(provider)


Refused = Callable[..., Any]


@pytest.fixture
def refused() -> Refused:
    """Expects that AWS refuses, with a code and words."""

    def refused(code: str, words: str = "") -> Any:
        return pytest.raises(ClientError, match=rf"\({code}\).*{words}")

    return refused


@pytest.fixture
def vpc(cloud: Cloud) -> State:
    return cloud.create("aws:ec2/vpc:Vpc", cidrBlock="10.9.0.0/24")


@pytest.fixture
def subnet(cloud: Cloud, vpc: State) -> State:
    return cloud.create(
        "aws:ec2/subnet:Subnet", vpcId=vpc.id, cidrBlock="10.9.0.0/26", availabilityZone="eu-central-1a"
    )


@pytest.fixture
def group(cloud: Cloud, vpc: State) -> State:
    return cloud.create("aws:ec2/securityGroup:SecurityGroup", vpcId=vpc.id)


@pytest.fixture
def role(cloud: Cloud) -> State:
    return cloud.create("aws:iam/role:Role", assumeRolePolicy=TRUST)


@pytest.fixture
def api(cloud: Cloud) -> State:
    return cloud.create("aws:apigatewayv2/api:Api", protocolType="HTTP")


@pytest.fixture
def function_inputs(role: State) -> dict[str, Any]:
    return {
        "packageType": "Image",
        "imageUri": IMAGE,
        "imageConfig": {"commands": ["tests.local.functions.gateway.handler"]},
        "role": role.outputs["arn"],
        "publish": True,
    }


@pytest.fixture
def function(cloud: Cloud, function_inputs: dict[str, Any]) -> State:
    return cloud.create("aws:lambda/function:Function", **function_inputs)
