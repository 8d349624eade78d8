"""ApiArgs: what both kinds of API need to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import pulumi

from components.api.api_access import Access, FixedAccess
from components.api.api_routes import Verbs
from components.function.inference_function import InferenceFunction


@dataclass(frozen=True, kw_only=True)
class ApiFunctions:
    """The functions behind an API."""

    server: InferenceFunction
    """Answers every path that belongs to no function in `models`."""
    models: Mapping[str, InferenceFunction] = field(default_factory=dict[str, InferenceFunction])
    """Functions that serve one model each, by model."""
    verbs: Verbs = field(default_factory=dict[str, Sequence[str]])
    """The verbs of these models; `predict` for one that is not listed."""
    one_model: bool = False
    """Whether there is one model in all: then paths that name no model lead to it."""
    page: bool = True
    """Whether the server's function answers people with a page at `/`."""

    def model_verbs(self) -> Verbs:
        """The verbs of each model that has a function of its own."""
        return {model: self.verbs.get(model, ("predict",)) for model in self.models}

    def labels(self) -> Mapping[InferenceFunction, str]:
        """Each function once, with the label in its resources' names: its model, or `models` for the server's."""
        return {self.server: "models"} | {function: model for model, function in self.models.items()}

    def answering(self, model: str | None) -> InferenceFunction:
        """The function that answers this model's paths; for None, the server's."""
        return self.server if model is None else self.models[model]


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    functions: ApiFunctions
    auth: Access = "iam"
    """Who may call."""
    open_health_checks: bool = False
    """Whether everyone may ask for the server's health, whoever else may call."""
    throttling_burst: int
    """Requests at once for each route or method. API Gateway treats it as a target."""
    throttling_rate: float
    """Requests per second for each route or method. API Gateway treats it as a target."""
    host_name_of_aws: bool = True
    """Whether API Gateway's own host name answers. An API with a domain name switches it off."""
    log_retention_days: int
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the access log."""

    def __post_init__(self) -> None:
        if isinstance(self.auth, str) and self.auth not in get_args(FixedAccess):
            raise ValueError(f"auth is {self.auth!r}; allowed are 'iam', 'none', JwtAccess(…) and LambdaAccess(…)")
