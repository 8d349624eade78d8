"""What stands behind an API under test: functions, and the arguments that both kinds of API take."""

from collections.abc import Mapping, Sequence

from components.api.api_args import ApiArgs, ApiFunctions
from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_source import ModelBinding
from tests.recorder import IMAGE

LIMITS = {"throttling_burst": 200, "throttling_rate": 100, "log_retention_days": 30}


class Shelf:
    def binding(self, models: list[str]) -> ModelBinding:
        return ModelBinding(store_uri="file:///shelf")


def make_function(name: str) -> InferenceFunction:
    return InferenceFunction(name, InferenceFunctionArgs(image_uri=IMAGE, handler="h", models=[name], source=Shelf()))


def in_front_of_one(**args: object) -> ApiArgs:
    """The arguments of an API in front of one function for all models."""
    return ApiArgs(functions=ApiFunctions(server=make_function("all")), **LIMITS | args)


def in_front_of_each(*models: str, verbs: Mapping[str, Sequence[str]] | None = None, **args: object) -> ApiArgs:
    """The arguments of an API in front of a function for each model, of which the first answers for the server."""
    functions = {model: make_function(model) for model in models}
    behind = ApiFunctions(server=functions[models[0]], models=functions, verbs=verbs or {})
    return ApiArgs(functions=behind, **LIMITS | args)
