"""API Gateway: REST APIs, served by the emulator's data plane."""

from local.resources.apigateway.keys import ApiKey, UsagePlan, UsagePlanKey
from local.resources.apigateway.rest_api import RestApi
from local.resources.apigateway.stages import Account, Deployment, MethodSettings, Stage

TYPES = (RestApi, Deployment, Stage, MethodSettings, Account, ApiKey, UsagePlan, UsagePlanKey)
