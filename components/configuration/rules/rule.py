"""Rule: what a configuration may not combine, or should not. Imports no Pulumi."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from components.configuration.problem import Problem
from components.settings.declaration import key_of
from components.settings.settings import Settings

Rule = Callable[[Settings], Iterator[Problem]]
"""Takes settings whose single values are all allowed. Yields a problem for each mistake."""

MIB = 1 << 20

FEWER_MODELS = "list fewer in models and serve the others from a second stack"
"""What to do where too many models meet one limit."""


def for_each_function(rule: Rule) -> Rule:
    """The rule, applied to the settings of each function. Equal problems are reported once."""

    def over_functions(settings: Settings) -> Iterator[Problem]:
        found = dict.fromkeys(
            replace(problem, keys=_own_keys(function, problem.keys))
            for function in settings.functions()
            for problem in rule(function)
        )
        yield from found

    return over_functions


def without_effect(settings: Settings, fields: Iterable[str], other: str, reason: str) -> Iterator[Problem]:
    """A problem for each of these fields that is set, although `other`, a key, leaves it without effect.

    `reason` says why, and how to give it an effect.
    """
    defaults = Settings()
    for field in fields:
        if getattr(settings, field) != getattr(defaults, field):
            key = key_of(field)
            yield Problem(keys=(key, other), message=f"{reason}, or leave {key} out")


def in_another_region(settings: Settings, fields: Iterable[str]) -> Iterator[Problem]:
    """A problem for each of these fields whose ARN names another region than the stack's."""
    for field in fields:
        region = (getattr(settings, field) or ":::").split(":")[3]
        if region and settings.region and region != settings.region:
            yield Problem(
                keys=(key_of(field),),
                message=f"it is in {region}, but the stack is in {settings.region}; name one in {settings.region}",
            )


def _own_keys(function: Settings, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys as they are written for this function: its model may have values of its own."""
    if function.mode == "multi" or not function.packaged:
        return keys
    model = function.packaged[0].name
    own = function.model_settings.get(model, {})
    return tuple(f"modelSettings.{model}.{key}" if key in own else key for key in keys)
