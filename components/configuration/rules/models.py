"""Rules about the settings of single models."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, without_effect
from components.settings.model_overrides import ENGINE
from components.settings.packaged_models import PackagedModel
from components.settings.settings import Settings


def a_stack_without_models_can_be_filled(settings: Settings) -> Iterator[Problem]:
    """A stack that is not seeded needs no packaged model: publishing fills its bucket."""
    if settings.seed_models:
        return
    if settings.mode == "single":
        yield Problem(
            keys=("seedModels", "mode"),
            message="mode single makes a function for each packaged model, but seedModels is false; set mode to multi, "
            "or seedModels to true",
        )
    if settings.storage == "image" and not settings.image_uri:
        yield Problem(
            keys=("seedModels", "storage"),
            message="storage image builds the packaged models into the image, but seedModels is false; set storage to "
            "s3, efs or s3files, or seedModels to true",
        )


def overrides_are_of_served_models(settings: Settings) -> Iterator[Problem]:
    """Settings of a model that is not served would have no effect."""
    served = [model.name for model in settings.packaged]
    for name in settings.model_settings:
        if served and name not in served:
            yield Problem(
                keys=(f"modelSettings.{name}",),
                message=f"no model of this name is served; served are {', '.join(served)} (pulumi config rm --path "
                f"modelSettings.{name} removes it)",
            )


def overrides_have_a_function_of_their_own(settings: Settings) -> Iterator[Problem]:
    """In mode multi all models share one function, with its storage, memory and concurrency."""
    if settings.mode != "multi":
        return
    for name, own in settings.model_settings.items():
        if keys := tuple(f"modelSettings.{name}.{key}" for key in own if key != ENGINE):
            yield Problem(
                keys=(*keys, "mode"),
                message=f"mode multi has one function for all models, so {name} cannot have settings of its own; set "
                f"mode to single, or change the setting for all models",
            )


def packaged_for_the_engine(settings: Settings) -> Iterator[Problem]:
    """Packaging chose an engine for each signature. Another engine needs another package."""
    for model in settings.packaged:
        wanted = settings.model_settings.get(model.name, {}).get(ENGINE)
        for version in _deployed(model) if wanted else ():
            others = [artifact for artifact in model.versions[version].artifacts if artifact.engine != wanted]
            if others:
                yield Problem(
                    keys=(f"modelSettings.{model.name}.{ENGINE}",),
                    message=f"{model.name} version {version} was "
                    f"{'not' if len(others) == len(model.versions[version].artifacts) else 'only partly'} packaged for "
                    f"{wanted}: "
                    + "; ".join(f"{each.engine} serves {', '.join(each.signatures)}" for each in others)
                    + f". `python -m models package build/exports/{model.name}/saved_model --name {model.name} "
                    f"--engine {wanted} --make-current` packages it, or says why it cannot; or leave {ENGINE} out",
                )


def code_is_allowed(settings: Settings) -> Iterator[Problem]:
    """A function that does not allow code answers no request with a version that brings it."""
    if settings.allow_model_code:
        return
    for model in settings.packaged:
        for version in _deployed(model):
            if model.versions[version].code is not None:
                yield Problem(
                    keys=("allowModelCode",),
                    message=f"{model.name} version {version} brings code (inference.py), which runs with the role of "
                    "its function; set allowModelCode to true if you trust it, or package the model without --code",
                )


def _deployed(model: PackagedModel) -> list[int]:
    """The versions that answer: the current one and those with a label."""
    return sorted(model.pointer.versions())


def repository_is_read(settings: Settings) -> Iterator[Problem]:
    """A stack that is not seeded reads no packaged model."""
    if not settings.seed_models:
        reason = "no packaged model is read where seedModels is false; set seedModels to true"
        yield from without_effect(settings, ["model_repository", "model_settings"], "seedModels", reason)


REFUSED: tuple[Rule, ...] = (
    a_stack_without_models_can_be_filled,
    overrides_are_of_served_models,
    overrides_have_a_function_of_their_own,
    packaged_for_the_engine,
    code_is_allowed,
)

ADVISED: tuple[Rule, ...] = (repository_is_read,)
