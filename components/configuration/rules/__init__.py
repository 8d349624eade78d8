"""What a configuration may not combine, and what it had better not: one pure function a rule. Imports no Pulumi.

`RULES` are refused before anything is built; `ADVICE` is said and done.
"""

from components.configuration.problem import Problem
from components.configuration.rules import api, concurrency, functions, models, operations, storage
from components.configuration.rules.rule import Rule
from components.settings.settings import Settings

SUBJECTS = (storage, models, functions, concurrency, operations, api)

RULES: tuple[Rule, ...] = tuple(rule for subject in SUBJECTS for rule in subject.REFUSED)

ADVICE: tuple[Rule, ...] = tuple(rule for subject in SUBJECTS for rule in subject.ADVISED)


def problems(settings: Settings, rules: tuple[Rule, ...]) -> list[Problem]:
    """What these rules say of a configuration."""
    return [problem for rule in rules for problem in rule(settings)]
