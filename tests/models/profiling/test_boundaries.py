"""What a step takes is told apart from what the steps inside it take."""

from models.profiling.boundaries import Amount, Boundary, amounts


def noted(*steps: str) -> list[Boundary]:
    """Boundaries one second, ten bytes of memory and a hundred bytes read apart; `/name` ends a step."""
    return [
        Boundary(step.removeprefix("/"), step.startswith("/"), Amount(number, 10 * number, 100 * number))
        for number, step in enumerate(steps)
    ]


def seconds(*steps: str) -> dict[str, float]:
    return {step: amount.seconds for step, amount in amounts(noted(*steps)).items()}


def test_a_step_takes_what_lies_between_its_boundaries():
    assert amounts(noted("map", "/map")) == {"map": Amount(1, 10, 100)}


def test_a_step_does_not_take_what_a_step_inside_it_takes():
    assert seconds("init", "map", "plan", "/plan", "/map", "/init") == {"init": 2, "map": 2, "plan": 1}


def test_a_step_that_comes_again_takes_both_times_together():
    assert seconds("plan", "/plan", "plan", "/plan") == {"plan": 2}


def test_a_step_may_lie_inside_one_of_its_own_name():
    assert seconds("find", "find", "/find", "/find") == {"find": 3}


def test_what_lies_outside_of_all_steps_belongs_to_none():
    assert sum(seconds("imports", "/imports", "first request", "/first request").values()) == 2


def test_of_two_steps_that_overlap_the_later_one_takes_what_both_see():
    assert seconds("map", "first request", "/map", "/first request") == {"map": 1, "first request": 2}
