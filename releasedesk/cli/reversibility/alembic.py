"""Alembic's migrations (alembic.sqlalchemy.org, "Operation Reference"), as far as going back is concerned."""

import ast
import re
from collections.abc import Iterator

from releasedesk.cli.reversibility.findings import Finding, Kind, Migration
from releasedesk.cli.reversibility.parsing import argument, called, does_nothing, last_name, text

# operation of upgrade() → what going back does not restore.
LOSES = {
    "drop_column": "Going back adds the column again, without its values.",
    "drop_table": "Going back makes the table again, without its rows.",
}
RUNS_SQL = {"execute", "text"}
DESTROYS = re.compile(r"\s*(?:--[^\n]*\n\s*)*(delete|truncate|drop|update)\b", re.IGNORECASE)


def read(tree: ast.Module, path: str) -> Migration | None:
    """Read a module with `revision = …` and `def upgrade()`; None for any other."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if "upgrade" not in functions or not any(_names_revision(node) for node in tree.body):
        return None
    upgrade, downgrade = functions["upgrade"], functions.get("downgrade")
    return Migration(path, "alembic", [*_of_downgrade(upgrade, downgrade), *_of_upgrade(upgrade)])


def _names_revision(node: ast.stmt) -> bool:
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else ()
    )
    return any(last_name(target) == "revision" for target in targets)


def _of_downgrade(upgrade: ast.FunctionDef, downgrade: ast.FunctionDef | None) -> Iterator[Finding]:
    if does_nothing(upgrade.body):
        return
    line = downgrade.lineno if downgrade else upgrade.lineno
    if downgrade is None:
        yield Finding(line, "downgrade", Kind.IRREVERSIBLE, "There is no downgrade().")
    elif any(isinstance(node, ast.Raise) for node in downgrade.body):
        yield Finding(line, "downgrade", Kind.IRREVERSIBLE, "downgrade() refuses.")
    elif does_nothing(downgrade.body):
        yield Finding(line, "downgrade", Kind.IRREVERSIBLE, "downgrade() does nothing.")


def _of_upgrade(upgrade: ast.FunctionDef) -> Iterator[Finding]:
    for node in ast.walk(upgrade):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in LOSES:
            yield Finding(node.lineno, name, Kind.LOSES_DATA, LOSES[name])
        elif name == "execute" and (found := DESTROYS.match(_sql(argument(node, 0, "sqltext")))):
            detail = f"It runs {found[1].upper()}; going back does not bring the old rows back."
            yield Finding(node.lineno, name, Kind.LOSES_DATA, detail)


def _sql(node: ast.expr | None) -> str:
    """The SQL of `op.execute("…")` or `op.execute(sa.text("…"))`."""
    if isinstance(node, ast.Call) and called(node) in RUNS_SQL:
        node = argument(node, 0, "text")
    return text(node)
