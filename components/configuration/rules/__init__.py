"""What a configuration may not combine, and what it should not: one pure function for each rule. Imports no Pulumi.

`RULES` refuse a configuration before anything is built. `ADVICE` only warns.
"""

from components.configuration.problem import Problem
from components.configuration.rules import (
    advice,
    api,
    asynchronous,
    concurrency,
    functions,
    grants,
    models,
    network,
    operations,
    storage,
    ways_in,
)
from components.configuration.rules.rule import Rule
from components.settings.settings import Settings

SUBJECTS = (storage, network, models, functions, concurrency, operations, grants, api, ways_in, asynchronous, advice)

RULES: tuple[Rule, ...] = tuple(rule for subject in SUBJECTS for rule in subject.REFUSED)

ADVICE: tuple[Rule, ...] = tuple(rule for subject in SUBJECTS for rule in subject.ADVISED)


def problems(settings: Settings, rules: tuple[Rule, ...]) -> list[Problem]:
    """What these rules say of a configuration."""
    return [problem for rule in rules for problem in rule(settings)]
