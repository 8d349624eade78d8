"""The inputs, by kind. Each module has a tuple `INPUTS`."""

from tests.hardening.inputs import Input
from tests.hardening.kinds import answers, elements, growth, nesting, senders, shapes, texts, types

ALL: tuple[Input, ...] = (
    *shapes.INPUTS,
    *growth.INPUTS,
    *elements.INPUTS,
    *nesting.INPUTS,
    *texts.INPUTS,
    *types.INPUTS,
    *senders.INPUTS,
    *answers.INPUTS,
)
