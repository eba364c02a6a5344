"""Templates become commands in which a value is a value and never code."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasedesk.problems.text import has_control
from releasedesk.rollbacks.commands import NAMES, Finished, finish, literal_versions, undefined

VALUES: dict[str, str | None] = {
    "service": "checkout-api",
    "environment": "production",
    "version": "1.5",
    "target_version": "1.4",
    "commit": "9f3c2b1",
    "target_commit": "77aa01e",
}
HOSTILE = [
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "a' ; touch pwned; '",
    'a" ; touch pwned; "',
    "a\\' ; touch pwned; \\'",
    "a\ntouch pwned\n",
    "a && touch pwned #",
    "x}; touch pwned; {",
    "${IFS}|touch pwned",
    "a\\",
    "'",
    '"',
    "!!",
    "~root",
    "*",
    "{target_version}",
    "{{ commit }}",
    "ünïcode 中",
]


def filled(template: str, **values: str | None) -> str:
    return finish(template, {**VALUES, **values}).command


def test_the_six_names_are_filled_in_as_they_are_when_they_are_harmless() -> None:
    template = " ".join(f"{{{name}}}" for name in NAMES)
    assert filled(template) == "checkout-api production 1.5 1.4 9f3c2b1 77aa01e"


@pytest.mark.parametrize("template", ["{version}", "{{version}}", "{{ version }}", "{{version }}"])
def test_one_and_two_braces_are_the_same(template: str) -> None:
    assert filled(f"deploy v{template}.tar.gz") == "deploy v1.5.tar.gz"


def test_a_version_after_an_at_sign_is_filled_in() -> None:
    assert filled("npm install checkout@{target_version}") == "npm install checkout@1.4"


def test_a_value_inside_the_braces_of_json_is_filled_in() -> None:
    assert filled("""curl -d '{"v":"{version}"}' $URL""") == """curl -d '{"v":"1.5"}' $URL"""
    assert filled("echo {{{version}}}") == "echo {1.5}"


THE_SHELLS_OWN = [
    "echo ${version} ${VERSION:-x} ${#version} $version",
    "echo $(date) `date`",
    "find . -exec rm {} +",
    "cp a.{txt,bak} {1..3}",
    "kubectl get pods -o jsonpath='{.items[*].version}{end}'",
    "awk '{print $1}' f | awk '{print}'",
    "git rev-parse @{upstream} HEAD@{1}",
    "docker ps --format '{{.Names}}' --filter '{{ json .State }}'",
    "echo ${{ version }} ${{version}}",
    "xargs -I '{}' sh -c '{ true; }'",
    "grep -E 'a{2}' # {version}",
    "printf '%s' \\{version}",
]


@pytest.mark.parametrize("template", THE_SHELLS_OWN)
def test_what_belongs_to_the_shell_is_kept_to_the_letter(template: str) -> None:
    assert finish(template, VALUES) == Finished(template)
    assert undefined(template) == []


def test_a_missing_value_leaves_its_placeholder_and_is_named_once() -> None:
    found = finish(
        "checkout {target_commit} {{ target_commit }} {version}", {"version": "1.5", "target_commit": None}
    )
    assert found == Finished("checkout {target_commit} {{ target_commit }} 1.5", ("target_commit",))


def test_an_empty_value_is_a_missing_one() -> None:
    assert finish("checkout {commit}", {"commit": ""}).missing == ("commit",)


def test_what_a_value_says_is_not_filled_in_again() -> None:
    assert filled("echo {version}", version="{commit}") == "echo '{commit}'"


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("make deploy VERSION={targt_version}", ["{targt_version} (did you mean {target_version}?)"]),
        ("{{ tagret_commit }} {xyzzy}", ["{tagret_commit} (did you mean {target_commit}?)", "{xyzzy}"]),
        ("{VERSION} {xyzzy} {xyzzy}", ["{VERSION}", "{xyzzy}"]),
        ("echo $(deploy {envronment})", ["{envronment} (did you mean {environment}?)"]),
        ("deploy {version}", []),
    ],
)
def test_a_word_in_braces_that_is_no_name_is_found_with_the_nearest_one(
    template: str, found: list[str]
) -> None:
    assert undefined(template) == found


# Only what is filled in may change, and `touch pwned` may never run.
AROUND = [
    "{}",
    "a{}b",
    "--v={}",
    '"{}"',
    '"a {} b"',
    "'{}'",
    "'a {} b'",
    '''"it's {} b"''',
    "'\\'{}",
    '"\\"{}"',
]


@pytest.mark.parametrize("around", AROUND)
@given(value=st.text(min_size=1))
def test_a_shell_gives_the_value_back_as_one_word(around: str, value: str) -> None:
    template = f"deploy {around.replace('{}', '{version}')} after"
    expected = shlex.split(f"deploy {around.replace('{}', 'VALUE')} after")
    assert shlex.split(filled(template, version=value)) == [word.replace("VALUE", value) for word in expected]


@pytest.mark.parametrize("around", [*AROUND, "$'{}'", "$'a\\'{}'"])
@pytest.mark.parametrize("value", HOSTILE)
def test_bash_itself_gives_the_value_back_and_runs_none_of_it(
    tmp_path: Path, around: str, value: str
) -> None:
    def printed(word: str, **values: str) -> str:
        return _run(filled(f"printf %s {word}", **values), tmp_path)

    expected = printed(around.replace("{}", "VALUE")).replace("VALUE", value)
    assert printed(around.replace("{}", "{version}"), version=value) == expected
    assert not list(tmp_path.iterdir())


NESTED = [
    'echo "$(echo {version})"',
    "echo `echo '{version}'`",
    'echo "${X:-{version}}"',
    "echo ${X:-'{version}'}",
    'echo "$(case x in x) echo {version};; esac)"',
    "cat <<END\n{version}\nEND",
    "(( {version} == 1 )); true",
    "[[ {version} -eq 1 ]]; true",
    "echo fine # {version}",
    "true;# it's {version}",
    "echo $(true) '{version}'",
]


@pytest.mark.parametrize("template", NESTED)
@pytest.mark.parametrize("value", [*HOSTILE, "a[$(touch pwned)]"])
def test_where_quotes_cannot_be_followed_no_value_is_ever_run(
    tmp_path: Path, template: str, value: str
) -> None:
    _run(filled(template, version=value), tmp_path)
    assert not list(tmp_path.iterdir())


def test_where_quotes_cannot_be_followed_a_plain_value_is_written_and_another_one_is_missing() -> None:
    assert filled('git checkout "$(git rev-parse {commit})"') == 'git checkout "$(git rev-parse 9f3c2b1)"'
    assert finish("echo $(true) {version}", {"version": "1 5"}) == Finished(
        "echo $(true) {version}", ("version",)
    )
    assert finish("echo $(true) {version}", {"version": "1.0~rc1"}).missing == ()


@given(template=st.text(alphabet="""{} $"'`\\()abversion_#@.\n""") | st.text())
@settings(max_examples=300)
def test_without_values_nothing_changes_and_every_name_is_asked_for(template: str) -> None:
    assert finish(template, {}).command == template
    if "{version}" not in template and "{{" not in template:
        assert "version" not in finish(template, {}).missing


@given(st.lists(st.sampled_from([f"{{{name}}}" for name in NAMES]) | st.text("abc =:/.,@%+-"), max_size=8))
def test_outside_of_quotes_each_part_is_kept_or_filled_in_where_it_stands(parts: list[str]) -> None:
    known = {f"{{{name}}}": value or "" for name, value in VALUES.items()}
    assert filled("".join(parts)) == "".join(known.get(part, part) for part in parts)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("make deploy VERSION=1.4.2", ["1.4.2"]),
        ("docker pull shop/checkout:v1.4.2", ["1.4.2"]),
        ("tar xf checkout-1.4.2.tar.gz", ["1.4.2"]),
        ("ln -sfn /srv/2026.11.23-2 current; rm 1.4.2", ["2026.11.23-2", "1.4.2"]),
        ("echo 11.4.2 1.4.23 1.4.2.1 x1.4.2", []),
        ("deploy {version} && sleep 300", []),
    ],
)
def test_a_version_written_out_is_found_whole(command: str, found: list[str]) -> None:
    assert literal_versions(command, ["1.4.2", "1.4", "2026.11.23", "2026.11.23-2", "300", "v"]) == found


def test_no_known_version_finds_nothing() -> None:
    assert literal_versions("deploy 1.4.2", []) == []


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\tb", "\x1b[31m", "\0", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\ud800"]
)
def test_what_could_command_a_terminal_or_hide_is_a_control_character(text: str) -> None:
    assert has_control(text)


@pytest.mark.parametrize("text", ["", "make deploy", "ünïcode 中 👩\u200d🔧", "\u00a0"])
def test_plain_text_of_any_language_is_none(text: str) -> None:
    assert not has_control(text)


def _run(command: str, where: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=where,
        capture_output=True,
        timeout=10,
        check=False,
        env={"PATH": "/bin:/usr/bin"},
    )
    return done.stdout.decode()
