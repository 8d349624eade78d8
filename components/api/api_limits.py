"""How long AWS lets an API wait. Imports no Pulumi."""

from collections.abc import Mapping

from components.settings.api_settings import ApiKind

HTTP_TIMEOUT_SECONDS = 30
"""How long an HTTP API waits for a function.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""

REST_TIMEOUT_SECONDS = 29
"""How long a REST API waits for a function, unless AWS raised the account's quota.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""

REST_LONGEST_TIMEOUT_SECONDS = 300
"""The highest value of that quota, for a regional API."""

LONGEST_TIMEOUT_SECONDS: Mapping[ApiKind, int] = {"http": HTTP_TIMEOUT_SECONDS, "rest": REST_LONGEST_TIMEOUT_SECONDS}
"""By kind, how long it waits at most. A function URL waits as long as its function runs."""
