"""Turns a configuration into settings, or reports every mistake at once, by key. Imports no Pulumi."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from components.configuration.problem import Problem
from components.configuration.rules import RULES, problems
from components.settings.declaration import Spec, key_of
from components.settings.packaged_models import PackagedModel, RepositoryError, read_repository
from components.settings.settings import Settings


class SettingsError(ValueError):
    """A configuration has mistakes. The message lists all of them."""

    def __init__(self, found: Sequence[Problem]) -> None:
        self.problems = tuple(found)
        count = "a mistake" if len(found) == 1 else f"{len(found)} mistakes"
        super().__init__("\n  ".join([f"the configuration has {count}:", *map(str, found)]))


def specs() -> Mapping[str, Spec]:
    """Every setting by key, in the order of the dataclass."""
    return {key_of(field.name): field.metadata["spec"] for field in fields(Settings) if "spec" in field.metadata}


def read_settings(
    values: Mapping[str, str], project: Path, region: str | None = None, stack_name: str = ""
) -> Settings:
    """The settings of a configuration.

    Args:
        values: by key without namespace, as Pulumi gives them: text, and JSON for lists and maps.
        project: the directory at which relative paths start.
        region: the provider's.
        stack_name: the Pulumi stack's.

    Raises:
        SettingsError: it lists every mistake.
    """
    found = list(_unknown_keys(values))
    settings = Settings(region=region, stack_name=stack_name)
    for field in fields(Settings):
        if (spec := field.metadata.get("spec")) and (text := values.get(key := key_of(field.name))) is not None:
            try:
                settings = replace(settings, **{field.name: spec.kind.parse(text)})
            except ValueError as error:
                found.append(Problem(keys=(key,), message=_explain(text, str(error), spec)))
    mistaken = {key for problem in found for key in problem.keys}
    if settings.seed_models and not mistaken & {"modelRepository", "models"}:
        try:
            settings = replace(
                settings, packaged=_choose(read_repository(project / settings.model_repository), settings)
            )
        except RepositoryError as error:
            found.append(Problem(keys=("modelRepository",), message=str(error)))
        except _UnknownModels as error:
            found.append(Problem(keys=("models",), message=str(error)))
    found += [problem for problem in problems(settings, RULES) if not mistaken & set(problem.keys)]
    if found:
        raise SettingsError(found)
    return settings


class _UnknownModels(ValueError):
    pass


def _choose(packaged: Sequence[PackagedModel], settings: Settings) -> tuple[PackagedModel, ...]:
    by_name = {model.name: model for model in packaged}
    if unknown := [name for name in settings.models if name not in by_name]:
        hints = "".join(_did_you_mean(name, list(by_name)) for name in unknown)
        raise _UnknownModels(
            f"{', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not packaged in {settings.model_repository}; "
            f"allowed are {', '.join(by_name)}{hints}"
        )
    return tuple(by_name[name] for name in settings.models or by_name)


def _unknown_keys(values: Mapping[str, Any]) -> Iterator[Problem]:
    known = list(specs())
    for key in values:
        if key not in known:
            hint = _did_you_mean(key, known) or f"; allowed are {', '.join(known)}"
            yield Problem(keys=(key,), message=f"there is no such setting{hint} (pulumi config rm {key} removes it)")


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(lowered), n=1)
    return f"; did you mean {lowered[close[0]]!r}?" if close else ""


def _explain(text: str, reason: str, spec: Spec) -> str:
    return f"{text!r} {reason}; allowed is {spec.kind.allowed}"
