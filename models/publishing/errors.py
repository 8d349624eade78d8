"""What publishing raises. Each message says in one sentence why, and what to do."""


class PublishingError(Exception):
    """Something could not be published, pointed to or removed."""


class Refused(PublishingError):
    """What was asked for would harm callers, and goes on only if a person says so by an option."""
