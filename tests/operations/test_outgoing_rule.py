"""Whom the desk may call, as arithmetic."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.operations.environment import Environment, WrongEnvironmentError
from releasedesk.operations.outgoing_rule import Allowed

INSIDE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.0.0.8",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",  # the metadata of a cloud
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fd00::8",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",  # the same, as a network without IPv4 writes it
    "2002:7f00:1::",
]


def test_an_empty_list_allows_nobody() -> None:
    assert not Allowed.read([]).may_name("hooks.example.com")
    assert not Allowed.read([]).may_name("93.184.216.34")


@pytest.mark.parametrize("host", ["hooks.example.com", "HOOKS.example.com", "hooks.example.com."])
def test_a_listed_name_may_be_named_however_it_is_written(host: str) -> None:
    assert Allowed.read(["Hooks.example.com"]).may_name(host)


@pytest.mark.parametrize(
    ("host", "may"),
    [("a.example.com", True), ("a.b.example.com", True), ("example.com", False), ("evilexample.com", False)],
)
def test_a_star_stands_for_every_name_below(host: str, may: bool) -> None:
    assert Allowed.read(["*.example.com"]).may_name(host) is may


def test_every_name_is_not_every_address() -> None:
    allowed = Allowed.read(["*"])
    assert allowed.may_name("anything.example")
    assert allowed.may_name("93.184.216.34")
    assert not allowed.may_name("127.0.0.1")
    assert not allowed.may_name("[::1]")


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_not_reached_whatever_name_led_to_it(address: str) -> None:
    assert not Allowed.read(["*"]).may_reach(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_public_address_needs_no_network(address: str) -> None:
    assert Allowed.read(["example.com"]).may_reach(ip_address(address))


def test_a_listed_network_is_reached_however_its_address_is_wrapped() -> None:
    allowed = Allowed.read(["10.1.0.0/16", "::1"])
    assert allowed.may_reach(ip_address("10.1.2.3"))
    assert allowed.may_reach(ip_address("::ffff:10.1.2.3"))
    assert allowed.may_name("[::1]")
    assert not allowed.may_reach(ip_address("10.2.0.1"))


@given(st.ip_addresses(network=ip_network("10.0.0.0/8")))
def test_no_wrapping_makes_an_inner_address_public(address: IPv4Address) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert not Allowed.read(["*"]).may_reach(ip_address(wrapped))


@pytest.mark.parametrize(
    "word", ["http://example.com", "exa mple.com", "10.0.0.1/8", "a..b", "*.*", "-a.com"]
)
def test_a_word_that_is_neither_stops_the_start_and_is_named(word: str) -> None:
    with pytest.raises(
        WrongEnvironmentError, match="OUTGOING_ALLOWED must be a list of hosts and networks"
    ) as told:
        Environment({"OUTGOING_ALLOWED": word}).allowed("OUTGOING_ALLOWED")
    assert repr(word) in str(told.value)
