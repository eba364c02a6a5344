"""Source to syntax tree, and what both readers ask of it."""

import ast
from collections.abc import Sequence


class Unreadable(Exception):  # noqa: N818 - the file's state, not an error of ours
    """A file that is not Python, or not of a kind that this Python can read."""


def parse(source: str, name: str) -> ast.Module:
    """Parse a file. Raises Unreadable."""
    try:
        return ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(f"{name} cannot be read as Python: {error}") from None


def called(node: ast.AST) -> str:
    """Name what a call calls, by its last part: `migrations.RunPython(…)` is `RunPython`; "" for others."""
    if not isinstance(node, ast.Call):
        return ""
    return last_name(node.func)


def last_name(node: ast.AST) -> str:
    """Give the last part of a dotted name; "" where it is none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """Find an argument, given by place or by name; None where it is not given or is None."""
    by_name = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    found = by_name or (call.args[position] if len(call.args) > position else None)
    return None if isinstance(found, ast.Constant) and found.value is None else found


def text(node: ast.expr | None) -> str:
    """Give a literal text, or "" where it is computed."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def does_nothing(body: Sequence[ast.stmt]) -> bool:
    """Whether a function's body holds nothing but `pass`, `...` and words."""
    return all(
        isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for line in body
    )
