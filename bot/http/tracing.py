"""Traces, on request: where they go is said by OpenTelemetry's own variables."""

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def tracer_provider() -> TracerProvider:
    """Spans in batches to `OTEL_EXPORTER_OTLP_ENDPOINT`; what cannot be delivered is dropped."""
    provider = TracerProvider(resource=Resource.create({"service.name": "dateline"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
