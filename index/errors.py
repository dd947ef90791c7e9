"""The errors Dateline raises on purpose. Every message is a sentence its reader can act on.

DatelineError
  + BadArticle           the file, line or field is wrong: mend it, the rest goes on
      + FetchFailed      an address gave no content: try later, or look at the reason
          + Withdrawn    its publisher has taken it back: an article that is known is retracted
  + BadRequest           a question, filter or argument is wrong: ask again
      + UnknownArticle   no article has that id
  + BadConfiguration     a setting is wrong: mend it, nothing was started
  + ArchiveBusy          another process owns the data directory
  + StorageFailed        the disk is full or gone: what was stored before stays
  + ArchiveDamaged       stored files are not what was written: `dateline check --repair`
  + ModelMismatch        the archive was embedded with another model: re-embed or switch back
  + ModelUnavailable     a model's server failed: try later
      + ModelRefused     a model's server rejects what it was sent (key, model name, size)
"""

from datetime import timedelta


class DatelineError(Exception):
    """Base of everything raised on purpose; `str(error)` is shown to the user as it is."""


class BadArticle(DatelineError):
    """One article could not be read; ingest reports it and goes on.

    `source` is the path or URL, with `:line` for a record of a JSON Lines file.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class FetchFailed(BadArticle):
    """An address gave no content. `status` is its HTTP status, if it gave one; `retry_after` is what it asked for."""

    def __init__(
        self, source: str, reason: str, status: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(source, reason)
        self.status = status
        self.retry_after = retry_after


class Withdrawn(FetchFailed):
    """What was at this address has been taken back by its publisher (410 Gone, or a feed's tombstone)."""


class BadRequest(DatelineError):
    """A question, filter or argument that cannot be answered as it stands.

    `field` names the argument at fault, for a form or a JSON pointer.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownArticle(BadRequest):
    """No article of the archive has the id that was given."""

    def __init__(self, article_id: str) -> None:
        super().__init__("id", f"No article has the id {article_id!r}; `dateline articles list` shows them.")


class BadConfiguration(DatelineError):
    """A setting is unknown, missing or out of range; nothing was started."""


class ArchiveBusy(DatelineError):
    """Another process owns the data directory."""


class StorageFailed(DatelineError):
    """The archive could not be written; what was stored before stays."""


class ArchiveDamaged(DatelineError):
    """Stored files are not what was written."""


class ModelMismatch(DatelineError):
    """The archive's vectors were made by another model than the one configured."""


class ModelUnavailable(DatelineError):
    """A model's server did not answer, or broke off; the same request may work later."""


class ModelRefused(ModelUnavailable):
    """A model's server rejects the request itself: the key, the model name or the size."""


def is_full(error: BaseException) -> bool:
    """Whether a library says, in its own way, that the disk has no room or a file may not grow."""
    return any(word in str(error) for word in ("disk is full", "No space left", "File too large", "disk I/O error"))


def disk_failed(error: object) -> StorageFailed:
    """The sentence for a disk that is full or gone."""
    return StorageFailed(
        f"The archive cannot be written ({error}). What was stored before stays; make room and try again."
    )
