"""/live, /ready and /metrics of a process, on loopback."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from recordgate_runtime.metrics import GAUGES_AGE, REGISTRY
from recordgate_runtime.postgres import DatabaseError
from recordgate_schemas.errors import RecordgateError

_WAIT_S = 1.0
"""How long a scrape waits for the database behind its gauges. After that it serves the last values, with their age."""

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Health:
    """Serves the state of the process: alive while it runs, ready once `ready` was called.

    `refresh` reads gauges from a database, for each scrape. SAFETY: one that hangs or fails delays no answer.
    """

    def __init__(self, refresh: Callable[[], None] | None = None, wait_s: float = _WAIT_S) -> None:
        self._ready = threading.Event()
        self._gauges = _Gauges(refresh) if refresh else None
        self._wait_s = wait_s

    def ready(self) -> None:
        """Report the process as ready from now on."""
        self._ready.set()

    def serve(self, port: int) -> None:
        """Serve on 127.0.0.1:`port` from daemon threads; port 0 means off."""
        if port:
            server = make_server("127.0.0.1", port, self._app, _Server, _QuietHandler)
            threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    def _app(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            if self._gauges:
                GAUGES_AGE.set(self._gauges.read(self._wait_s))
            metrics: Iterable[bytes] = make_wsgi_app(REGISTRY)(environ, start)
            return metrics
        answer = {"/live": True, "/ready": self._ready.is_set()}.get(str(path))
        status = {True: "200 OK", False: "503 Service Unavailable", None: "404 Not Found"}[answer]
        start(status, [("Content-Type", "text/plain")])
        return [status.encode() + b"\n"]


class _Gauges:
    """Gauges that are read from a database, by one thread at a time."""

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        self._lock = threading.Lock()
        self._reading: threading.Thread | None = None
        self._read_at = time.monotonic()

    def read(self, wait_s: float) -> float:
        """Read the gauges, or go on waiting for who reads them; return their age in seconds after `wait_s` at most."""
        with self._lock:
            if self._reading is None or not self._reading.is_alive():
                self._reading = threading.Thread(target=self._run, name="gauges", daemon=True)
                self._reading.start()
            reading = self._reading
        reading.join(wait_s)
        return time.monotonic() - self._read_at

    def _run(self) -> None:
        begun = time.monotonic()
        with suppress(RecordgateError, DatabaseError):  # the age says so
            self._refresh()
            self._read_at = begun


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing: every scrape would be a line."""
