import doctest
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli import typed as typed_module
from releasedesk.cli.typed import command_as_typed, shell_command

SECRET = "s3cr3t-value"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["--header", f"Authorization: Bearer {SECRET}"], "--header 'Authorization: ***'"),
        ([f"--header=Cookie: id={SECRET}"], "'--header=Cookie: ***'"),
        (["-H", f"X-Api-Key:{SECRET}"], "-H 'X-Api-Key: ***'"),
        ([f"-HX-Whatever: {SECRET}"], "'-HX-Whatever: ***'"),
        (["-H", SECRET], "-H '***'"),
        (["-H", "Accept: text/html"], "-H 'Accept: text/html'"),
        ([f"https://ines:{SECRET}@shop.example/basket/7"], "'https://ines:***@shop.example/basket/7'"),
        ([f"https://shop.example/?api_key={SECRET}&full=1"], "'https://shop.example/?api_key=***&full=1'"),
        ([f"http://[broken/?token={SECRET}"], "'***'"),
        (["--cookie", f"session={SECRET}"], "--cookie '***'"),
        ([f"--cookie=session={SECRET}"], "'--cookie=***'"),
        (["--data", f"password={SECRET}"], "--data '***'"),
        (["--data=@order.txt"], "--data=@order.txt"),
        (["--json-body", f'{{"pin": "{SECRET}"}}'], "--json-body '***'"),
        (["--json-body", "@order.json"], "--json-body @order.json"),
        (
            ["--clear-cache", f"redis-cli -a {SECRET} flushall"],
            """--clear-cache 'redis-cli -a '"'"'***'"'"' flushall'""",
        ),
        (
            ["--ab", f"http://a:{SECRET}@shop/", f"http://shop/?token={SECRET}"],
            "--ab 'http://a:***@shop/' 'http://shop/?token=***'",
        ),
        (["--key", "client.pem", "--requests", "9"], "--key client.pem --requests 9"),
        (
            ["http://shop.example/basket/[1-9]", "--requests", "9"],
            "'http://shop.example/basket/[1-9]' --requests 9",
        ),
    ],
)
def test_a_command_is_kept_without_its_secrets(typed: list[str], kept: str) -> None:
    assert command_as_typed(["measure", *typed]) == f"releasedesk measure {kept}"
    assert SECRET not in command_as_typed(["measure", *typed])


@given(st.lists(st.text(max_size=20)))
def test_what_is_kept_can_be_pasted_again(typed: list[str]) -> None:
    assert len(shlex.split(command_as_typed(typed))) == len(typed) + 1


@pytest.mark.parametrize(
    "command",
    [
        f"redis-cli -a {SECRET} FLUSHALL",
        f"redis-cli -a{SECRET} FLUSHALL",
        f"redis-cli --pass {SECRET} FLUSHALL",
        f"redis-cli --pass={SECRET} FLUSHALL",
        f"redis-cli AUTH {SECRET}",
        f"REDISCLI_AUTH={SECRET} redis-cli FLUSHALL",
        f"redis-cli -u redis://ines:{SECRET}@cache:6379/0 FLUSHALL",
        f"curl -u ines:{SECRET} https://cdn.example/purge",
        f"curl -H 'Authorization: Bearer {SECRET}' https://cdn.example/purge",
        f"curl --header 'X-Purge: {SECRET}' https://cdn.example/purge",
        f"curl 'https://cdn.example/purge?api_key={SECRET}'",
        f"mysql -p{SECRET} -e 'delete from cache'",
        f'sh -c "redis-cli -a {SECRET} flushall"',
        f"ssh cache 'curl -u ines:{SECRET} http://localhost/purge'",
        f"never closed ' {SECRET}",
    ],
)
def test_a_command_that_clears_a_cache_is_kept_without_its_secrets(command: str) -> None:
    assert SECRET not in shell_command(command)
    assert "***" in shell_command(command)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(typed_module).failed == 0
