"""Write the table of FHIR elements anew: `python -m tests.support.fhir_definitions`."""

from pathlib import Path

import platformdirs

from recordgate_producers.fhir.definitions import READ, TABLE
from tests.support.fhir_definitions.official import official_elements
from tests.support.fhir_definitions.roles import BY_TYPE, role_of

HEAD = "path\trole\ttypes\ttargets\tmodifier\tmany\trequired\tversions"


def table_text(store: Path) -> str:
    """Return the table's text: a line a data type, then a line an element, in order of their paths."""
    lines = [
        f"{name}\t{role}\t{name}\t-\tno\tno\tno\tr4|stu3"
        for role, names in BY_TYPE.items()
        for name in names.split()
    ]
    for path, row in sorted(official_elements(store, READ).items()):
        if path[0].isupper():  # what a primitive consists of is no element of its own
            columns = (
                path,
                role_of(path, row),
                "|".join(sorted(row.types)),
                "|".join(sorted(row.targets)) or "-",
                "yes" if row.modifier else "no",
                "yes" if row.many else "no",
                "yes" if row.required else "no",
                "|".join(sorted(row.versions)),
            )
            lines.append("\t".join(columns))
    return "\n".join((HEAD, *sorted(lines))) + "\n"


def store() -> Path:
    """Return where the definitions are kept, once a machine."""
    return Path(platformdirs.user_cache_dir("recordgate")) / "jars"


if __name__ == "__main__":
    TABLE.write_text(table_text(store()), "utf-8")
