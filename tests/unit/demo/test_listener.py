"""Ports of loopback: taken ones are passed over, and a stop can be undone."""

import socket

import pytest
from aiohttp import ClientSession, web

from gateway.demo.listener import Listener, bind, free_ports


def make() -> web.Application:
    return web.Application()


def test_a_taken_port_is_passed_over() -> None:
    (taken,) = bind("127.0.0.1", 0)
    with taken:
        port = taken.getsockname()[1]

        assert next(free_ports(port)) > port


def test_a_port_that_is_taken_on_the_other_loopback_is_passed_over() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
        taken.listen()
        port = taken.getsockname()[1]

        assert next(free_ports(port)) > port


async def test_starting_on_a_taken_port_is_an_error() -> None:
    (taken,) = bind("127.0.0.1", 0)
    with taken, pytest.raises(OSError, match="in use"):
        await Listener(make, "localhost", taken.getsockname()[1]).start()


async def test_it_comes_back_on_the_same_port() -> None:
    async with Listener(make, "127.0.0.1", 0) as listener, ClientSession() as http:
        origin = listener.origin
        await listener.stop()
        await listener.start()

        assert listener.origin == origin
        assert (await http.get(origin)).status == 404
