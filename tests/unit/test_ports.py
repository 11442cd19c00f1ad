"""A port that was given is nobody else's, and a server can listen on it."""

import socket
import sys
from pathlib import Path

import pytest

from recordgate_deploy.ports import LOOPBACK, is_free, settle_ports


def listener(port: int) -> socket.socket:
    """A server's socket, as Kafka, PostgreSQL and our own processes make it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((LOOPBACK, port))
    made.listen()
    return made


@pytest.mark.skipif(sys.platform != "linux", reason="ports are reserved on Linux only")
def test_a_port_given_is_given_to_nobody_else_before_its_server_listens(tmp_path: Path) -> None:
    given = set(settle_ports(*(tmp_path / f"port-{n}" for n in range(20))))
    others = []
    for _ in range(5_000):
        with socket.socket() as other:
            other.bind((LOOPBACK, 0))
            others.append(other.getsockname()[1])
    assert given.isdisjoint(others)


def test_a_server_listens_on_the_port_it_was_given_and_it_is_taken_then(tmp_path: Path) -> None:
    (port,) = settle_ports(tmp_path / "port")
    assert is_free(port)
    with listener(port):
        assert not is_free(port)
        assert settle_ports(tmp_path / "port") != (port,)
    assert settle_ports(tmp_path / "other") != (port,)


def test_a_port_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    assert settle_ports(tmp_path / "port") == settle_ports(tmp_path / "port")
