"""Why a model could not be packaged."""


class PackagingError(Exception):
    """A model cannot be packaged; the message says why in one sentence and what to do."""
