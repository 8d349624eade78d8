"""Lambda: functions in the emulator, whose invocations go to the workers."""

from local.resources.lambda_.aliases import Alias, ProvisionedConcurrencyConfig
from local.resources.lambda_.callers import FunctionEventInvokeConfig, Permission
from local.resources.lambda_.function import Function
from local.resources.lambda_.function_url import FunctionUrl
from local.resources.lambda_.invocation import Invocation

TYPES = (Function, Alias, ProvisionedConcurrencyConfig, Permission, FunctionEventInvokeConfig, FunctionUrl, Invocation)
