"""Writes the bundled sample records: `python -m tests.support.samples`. A test keeps files and code in step."""

import json

from recordgate_producers.samples import AMENDMENT
from tests.support.samples import records
from tests.support.samples.resources import Json

FOLDER = AMENDMENT.parent


def files() -> dict[str, Json]:
    """Return every sample file by its path below the folder of samples."""
    return {
        "records/1-consultations.json": records.consultations(),
        "records/2-results.json": records.results(),
        "records/3-letters-and-labels.json": records.letters_and_labels(),
        "records/4-teenager.json": records.teenager(),
        "records/5-access-review.json": records.access_review(),
        "amendment/2-results.json": records.results(later=True),
    }


def render(document: Json) -> str:
    """Return a sample file's text."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    for name, document in files().items():
        (FOLDER / name).write_text(render(document), "utf-8")


if __name__ == "__main__":
    main()
