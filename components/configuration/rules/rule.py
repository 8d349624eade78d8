"""Rule: what a configuration may not combine, or had better not. Imports no Pulumi."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from components.configuration.problem import Problem
from components.settings.settings import Settings

Rule = Callable[[Settings], Iterator[Problem]]
"""Takes settings whose values are each allowed, and yields a problem for each mistake, naming its keys and the way
out."""

MIB = 1 << 20


def for_each_function(rule: Rule) -> Rule:
    """The rule held to each function's settings; it says once what it says of several."""

    def over_functions(settings: Settings) -> Iterator[Problem]:
        found = dict.fromkeys(
            replace(problem, keys=_own_keys(function, problem.keys))
            for function in settings.functions()
            for problem in rule(function)
        )
        yield from found

    return over_functions


def _own_keys(function: Settings, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys as they are written for the function, whose model may have a value of its own."""
    if function.mode == "multi" or not function.packaged:
        return keys
    model = function.packaged[0].name
    own = function.model_settings.get(model, {})
    return tuple(f"modelSettings.{model}.{key}" if key in own else key for key in keys)
