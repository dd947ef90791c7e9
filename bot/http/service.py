"""What every route works with; it is made once, in `create_app`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bot.engine import Writer
from bot.running import Desk
from bot.settings import Settings
from index import Archive


@dataclass(frozen=True, slots=True)
class Service:
    """The open archive, the writer, the answers being written, and the settings of this process."""

    archive: Archive
    writer: Writer
    desk: Desk
    settings: Settings


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Ours = Annotated[Service, Depends(_service)]
