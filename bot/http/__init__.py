"""The HTTP surface: thin encoders over the engine's events. Its door: the application, and the server that runs it."""

from bot.http.access import keyless
from bot.http.app import create_app
from bot.http.server import serve

__all__ = ["create_app", "keyless", "serve"]
