"""A contract for import-linter: the only modules that some modules may import, the standard library included.

import-linter can forbid what is named; a policy that must be pure needs the opposite, for nobody can name everything
that is not pure.
"""

import fnmatch

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedImports(Contract):
    """`importers` and all below them import nothing but each other and what is `allowed`, or lies below it.

    An importer may be a pattern, as in `package.gate*`. Only direct imports count: what an allowed module imports has
    a contract of its own.
    """

    type_name = "allowed"

    importers = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Return the imports that are not allowed; raise ValueError if an importer does not exist."""
        importers, allowed = list(self.importers), list(self.allowed)  # type: ignore[call-overload]
        if missing := [name for name in importers if not fnmatch.filter(graph.modules, name)]:
            raise ValueError(f"{self.name}: there is no module {', '.join(missing)}")
        illegal = [
            (importer, imported)
            for importer in sorted(graph.modules)
            if _lies_in(importer, importers)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _lies_in(imported, importers + allowed)
        ]
        return ContractCheck(kept=not illegal, metadata={"illegal": illegal})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import."""
        for importer, imported in check.metadata["illegal"]:
            output.print_error(f"- {importer} -> {imported}: not on the list of what it may import")
        output.new_line()


def _lies_in(module: str, packages: list[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(module, one) or fnmatch.fnmatchcase(module, f"{one}.*")
        for one in packages
    )
