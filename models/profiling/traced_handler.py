"""The handler for one model, with its steps noted. It answers the event `REPORT` with them."""

from typing import Any

from models.profiling.steps import IMPORTS
from models.profiling.tracing import REPORT, Trace, Tracer

trace = Trace()
Tracer(trace).install()
with trace.step(IMPORTS):
    from handlers.single_model import handler as serve


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer an event as the handler does."""
    if event == REPORT:
        return trace.report()
    return serve(event, context)
