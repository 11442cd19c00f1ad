"""Asking a broker by hand whether it serves: one metadata request on one socket.

A client library is made to reach a broker at all costs, with threads and retries; here the answer
"not yet" is as good as any.
"""

import contextlib
import socket
import struct

_ANSWER_S = 2.0
_METADATA, _VERSION, _CORRELATION = 3, 1, 1
_CLIENT = b"recordgate"
# Key, version, correlation, client name, and the empty list of topics to be told about.
_BODY = struct.pack(
    f">hhih{len(_CLIENT)}si", _METADATA, _VERSION, _CORRELATION, len(_CLIENT), _CLIENT, 0
)
# Size, correlation, number of brokers.
_HEAD = struct.Struct(">iii")


def names_a_broker(host: str, port: int) -> bool:
    """Tell whether the broker answers with metadata that names at least one broker.

    It does so only when it is no longer fenced: when it can be written to and read from.
    """
    with (
        contextlib.suppress(OSError, EOFError),
        socket.create_connection((host, port), timeout=_ANSWER_S) as connection,
    ):
        connection.sendall(struct.pack(">i", len(_BODY)) + _BODY)
        _, correlation, brokers = _HEAD.unpack(_receive(connection, _HEAD.size))
        return bool(correlation == _CORRELATION and brokers > 0)
    return False


def _receive(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return found
