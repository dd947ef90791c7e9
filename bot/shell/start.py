"""How every command begins: settings read, logging set up."""

import logging

from bot.settings import Settings, read_settings


def start() -> Settings:
    """The settings of this run, with logs going to stderr. Raises BadConfiguration."""
    settings = read_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return settings
