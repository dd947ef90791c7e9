"""What every route works with; it is made once, in `create_app`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from bot.engine import Writer
from bot.http.front import Front
from bot.http.metrics import Metrics
from bot.http.rate import Rate
from bot.running import Desk
from bot.settings import Settings
from index import Archive

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider


@dataclass(frozen=True, slots=True)
class Service:
    """The open archive, the writer, the answers being written, and the settings of this process.

    Articles are stored in the threads of `storing`: whoever waits for the archive there keeps no question waiting.
    """

    archive: Archive
    writer: Writer
    desk: Desk
    settings: Settings
    front: Front
    rate: Rate
    metrics: Metrics
    spans: "SdkProvider | None"
    storing: CapacityLimiter


def make_service(archive: Archive, writer: Writer, settings: Settings) -> Service:
    """The parts of one process; archive and writer stay the caller's to close."""
    spans: SdkProvider | None = None
    if settings.traces:
        from bot.http.tracing import tracer_provider

        spans = tracer_provider()
    metrics, rate = Metrics(spans), Rate(settings.key_requests_per_minute)
    desk = Desk(archive, writer, settings.answers_at_once, settings.key_answers_at_once, metrics)
    return Service(archive, writer, desk, settings, Front(metrics), rate, metrics, spans, CapacityLimiter(1))


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Ours = Annotated[Service, Depends(_service)]
