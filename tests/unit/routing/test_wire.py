"""Where nothing is sent."""

from ipaddress import ip_address

import pytest

from app.errors import EndpointFailed, EndpointRefused
from app.routing.wire import Wire, is_forbidden
from tests.unit.routing.agents import OK, agents

INSIDE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *(
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ),
    "255.255.255.255",
)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_forbidden(address: str) -> None:
    assert is_forbidden(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::1111", "2a00:1450:4001:80b::200e"])
def test_the_public_internet_is_not(address: str) -> None:
    assert not is_forbidden(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
async def test_a_name_does_not_help(host: str) -> None:
    async with agents([OK]) as (offers, scripted):
        port = offers[0].endpoint.rpartition(":")[2].partition("/")[0]
        wire = Wire()
        with pytest.raises((EndpointRefused, EndpointFailed)):
            await wire.post(f"http://{host}:{port}/", b"{}", 1.0, {})
        await wire.close()
        assert scripted[0].calls == 0


async def test_other_protocols_are_refused() -> None:
    wire = Wire(allow_private=True)
    with pytest.raises(EndpointFailed):
        await wire.post("ftp://127.0.0.1/", b"{}", 1.0, {})
    await wire.close()
