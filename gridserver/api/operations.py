"""Health, readiness and metrics: for operators and their monitors, outside the described API."""

from __future__ import annotations

import ipaddress

from flask import Blueprint, Response, g, request, send_from_directory
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

from gridserver import certificates, schema
from gridserver.api import context
from gridserver.base.errors import Forbidden, NotFound

blueprint = Blueprint("operations", __name__)

REQUESTS = Counter(
    "gridserver_http_requests_total", "HTTP requests.", ("method", "endpoint", "status")
)
SECONDS = Histogram("gridserver_http_request_seconds", "Time to answer.", ("endpoint",))


@blueprint.get("/healthz")
@context.public
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@context.public
def readyz() -> dict[str, str]:
    """Say whether the process can do its work: the database answers and has the right schema."""
    schema.require_newest(context.database().engine)
    return {"status": "ready"}


@blueprint.get("/metrics")
@context.public
def metrics() -> Response:
    """Give the metrics to the loopback only; a proxy that stands there speaks for others."""
    is_ours = ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104
    if not is_ours or "X-Forwarded-For" in request.headers:
        raise Forbidden("metrics.loopback_only", "Metrics are given to the loopback only.")
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/ca.crt")
@context.public
def authority() -> Response:
    """Give the certificate of the local authority, for phones that are to trust it."""
    settings = context.settings()
    folder = certificates.folder(settings)
    if settings.tls_certificate is None or settings.tls_certificate.parent != folder:
        raise NotFound("http.not_found", "There is nothing at this address.")
    return send_from_directory(folder, "ca.crt", mimetype="application/x-x509-ca-cert")


@blueprint.before_app_request
def _start_timing() -> None:
    g.timing = SECONDS.labels(request.endpoint or "none").time()
    g.timing.__enter__()


@blueprint.after_app_request
def _count(response: Response) -> Response:
    REQUESTS.labels(request.method, request.endpoint or "none", response.status_code).inc()
    if timing := g.pop("timing", None):
        timing.__exit__(None, None, None)
    return response
