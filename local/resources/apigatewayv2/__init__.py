"""API Gateway: HTTP APIs, served by the emulator's data plane, and domain names."""

from local.resources.apigatewayv2.apis import Api, Stage
from local.resources.apigatewayv2.domains import ApiMapping, DomainName
from local.resources.apigatewayv2.routes import Authorizer, Integration, Route

TYPES = (Api, Stage, Integration, Route, Authorizer, DomainName, ApiMapping)
