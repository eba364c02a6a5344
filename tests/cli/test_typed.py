import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli.typed import command_as_typed

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
