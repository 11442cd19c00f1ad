"""/live, /ready and /metrics of a process, on loopback."""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from recordgate_runtime.metrics import REGISTRY

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Health:
    """Serves the state of the process: alive while it runs, ready once `ready` was called.

    `refresh` is called before each scrape, for gauges that are read from a database.
    """

    def __init__(self, refresh: Callable[[], None] = lambda: None) -> None:
        self._ready = threading.Event()
        self._refresh = refresh

    def ready(self) -> None:
        """Report the process as ready from now on."""
        self._ready.set()

    def serve(self, port: int) -> None:
        """Serve on 127.0.0.1:`port` from a daemon thread; port 0 means off."""
        if port:
            server = make_server("127.0.0.1", port, self._app, WSGIServer, _QuietHandler)
            threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    def _app(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            self._refresh()
            metrics: Iterable[bytes] = make_wsgi_app(REGISTRY)(environ, start)
            return metrics
        answer = {"/live": True, "/ready": self._ready.is_set()}.get(str(path))
        status = {True: "200 OK", False: "503 Service Unavailable", None: "404 Not Found"}[answer]
        start(status, [("Content-Type", "text/plain")])
        return [status.encode() + b"\n"]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing: every scrape would be a line."""
