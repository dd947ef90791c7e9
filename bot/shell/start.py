"""How every command begins: settings read, logging set up."""

import json
import logging
from datetime import UTC, datetime

from bot.settings import Settings, read_settings


def start() -> Settings:
    """The settings of this run, with logs going to stderr. Raises BadConfiguration."""
    settings = read_settings()
    lines = logging.StreamHandler()
    as_json = settings.log_format == "json"
    lines.setFormatter(JsonLines() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[lines])
    return settings


class JsonLines(logging.Formatter):
    """A log record as one JSON object: when, how bad, who says what, and of which request."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        value = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        value |= {name: getattr(record, name) for name in ("request_id", "key", "ms") if hasattr(record, name)}
        if record.exc_info:
            value["error"] = self.formatException(record.exc_info)
        return json.dumps(value, ensure_ascii=False)
