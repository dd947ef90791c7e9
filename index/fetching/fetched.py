"""What an address answered, as frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask "has it changed?" with (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


NEVER_SEEN = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered. `url` is where the redirects ended, `asked` where they began."""

    asked: str
    url: str
    kind: str  # the media type, lower case, without parameters; "" if none was given
    charset: str | None
    content: bytes
    validators: Validators = NEVER_SEEN
