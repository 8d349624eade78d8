"""Lambda: functions in the emulator, whose invocations go to the workers."""

from collections.abc import Mapping

from local.resources.lambda_.aliases import Alias, ProvisionedConcurrencyConfig
from local.resources.lambda_.callers import FunctionEventInvokeConfig, Permission
from local.resources.lambda_.described import get_function
from local.resources.lambda_.event_source import EventSourceMapping
from local.resources.lambda_.function import Function
from local.resources.lambda_.function_url import FunctionUrl
from local.resources.lambda_.invocation import Invocation
from local.resources.resource_type import Call

TYPES = (
    *(Function, Alias, ProvisionedConcurrencyConfig, Permission, FunctionEventInvokeConfig, EventSourceMapping),
    *(FunctionUrl, Invocation),
)

FUNCTIONS: Mapping[str, Call] = {"aws:lambda/getFunction:getFunction": get_function}
