"""Formulas of queueing theory, in Erlangs: arrivals a second times seconds of service."""

from math import exp, lgamma, log


def erlang_b(servers: int, load: float) -> float:
    """The share of Poisson arrivals that find all servers busy and leave. It depends on the mean service time alone."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def poisson_tail(count: int, load: float) -> float:
    """The share of time in which at least `count` requests are under way, with a server for each."""
    if load <= 0:
        return float(count <= 0)
    return max(0.0, 1 - sum(exp(number * log(load) - load - lgamma(number + 1)) for number in range(count)))
