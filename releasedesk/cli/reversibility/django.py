"""Django's migrations (docs.djangoproject.com, "Migration Operations"), as far as going back is concerned."""

import ast
from collections.abc import Iterator

from releasedesk.cli.reversibility.findings import Finding, Kind, Migration
from releasedesk.cli.reversibility.parsing import argument, called, last_name

# operation → what going back over it does not restore.
LOSES = {
    "RemoveField": "Going back adds the column again, without its values.",
    "DeleteModel": "Going back makes the table again, without its rows.",
}
# operation → name of the argument, the second of each, that takes it back.
NEEDS = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}
REVERSIBLE = {
    "AddConstraint", "AddConstraintNotValid", "AddField", "AddIndex", "AddIndexConcurrently",
    "AlterConstraint", "AlterField", "AlterIndexTogether", "AlterModelManagers", "AlterModelOptions",
    "AlterModelTable",
    "AlterModelTableComment", "AlterOrderWithRespectTo", "AlterUniqueTogether", "BloomExtension",
    "BtreeGinExtension", "BtreeGistExtension", "CITextExtension", "CreateCollation", "CreateExtension",
    "CreateModel", "CryptoExtension", "HStoreExtension", "RemoveCollation", "RemoveConstraint", "RemoveIndex",
    "RemoveIndexConcurrently", "RenameField", "RenameIndex", "RenameModel", "TrigramExtension",
    "UnaccentExtension", "ValidateConstraint",
}  # fmt: skip


def read(tree: ast.Module, path: str) -> Migration | None:
    """Read a module with a `class Migration(migrations.Migration)`; None for any other."""
    found = next((node for node in tree.body if _is_migration(node)), None)
    if not isinstance(found, ast.ClassDef):
        return None
    return Migration(path, "django", list(_of_class(found)))


def _is_migration(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.ClassDef)
        and node.name == "Migration"
        and any(last_name(base) == "Migration" for base in node.bases)
    )


def _of_class(migration: ast.ClassDef) -> Iterator[Finding]:
    for line in migration.body:
        if isinstance(line, ast.Assign | ast.AnnAssign):
            names = line.targets if isinstance(line, ast.Assign) else [line.target]
            if any(last_name(name) == "operations" for name in names) and line.value is not None:
                yield from _of_list(line.value)


def _of_list(value: ast.expr) -> Iterator[Finding]:
    if not isinstance(value, ast.List | ast.Tuple):
        detail = "The operations are computed; only running it tells what they are."
        yield Finding(value.lineno, "operations", Kind.UNKNOWN, detail)
        return
    for operation in value.elts:
        yield from _of_operation(operation)


def _of_operation(node: ast.expr) -> Iterator[Finding]:
    name = called(node)
    if name == "SeparateDatabaseAndState" and isinstance(node, ast.Call):
        database = argument(node, 0, "database_operations")
        yield from _of_list(database) if database else ()
    elif name in LOSES:
        yield Finding(node.lineno, name, Kind.LOSES_DATA, LOSES[name])
    elif name in NEEDS and isinstance(node, ast.Call):
        if argument(node, 1, NEEDS[name]) is None:
            detail = f"It has no {NEEDS[name]}, so migrating backwards stops here."
            yield Finding(node.lineno, name, Kind.IRREVERSIBLE, detail)
    elif name not in REVERSIBLE:
        detail = "This operation is not one of Django's; look whether it can be taken back."
        yield Finding(node.lineno, name or "operation", Kind.UNKNOWN, detail)
