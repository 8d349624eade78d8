"""Lambda entry point for several models. A model is loaded by the first request for it."""

import os

from handlers.quick_start import quick_start

with quick_start():
    from handlers.serving.start import handler_of, open_app

    handler = handler_of(open_app(os.environ), os.environ)
