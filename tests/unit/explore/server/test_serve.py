"""The port: of this machine alone; taken ones are passed over, or said."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from cohortmart.core.errors import InputError
from cohortmart.explore.server import serve
from cohortmart.explore.server.serve import HOST, bound_socket


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on, with free ones behind it."""
    with bound_socket(0) as other:
        yield other.getsockname()[1]


def test_it_is_bound_to_the_loopback(taken: int) -> None:
    with bound_socket(0) as made:
        assert made.getsockname()[0] == HOST == "127.0.0.1"
        assert made.getsockname()[1] not in (0, taken)
        assert made.family == socket.AF_INET
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        # another address of this machine's loopback is not it
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.2", made.getsockname()[1]))


def test_a_given_port_that_is_taken_is_said(taken: int) -> None:
    with pytest.raises(InputError, match=f"port {taken} cannot be used") as error:
        bound_socket(taken)
    assert error.value.hint == "name another with --port, or none"


def test_without_a_given_port_the_next_is_taken(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "FIRST_PORT", taken)
    with bound_socket(None) as made, bound_socket(None) as another:
        assert len({taken, made.getsockname()[1], another.getsockname()[1]}) == 3


def test_a_port_is_free_again_at_once() -> None:
    """What it said last may still be on its way when it is started anew."""
    with bound_socket(0) as made:
        port = made.getsockname()[1]
        with socket.create_connection((HOST, port)) as asking:
            answering, _ = made.accept()
            answering.close()
            assert asking.recv(1) == b""
    bound_socket(port).close()
