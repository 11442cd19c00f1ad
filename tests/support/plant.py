"""Plants one import at a time into a copy of the packages and says which import contracts notice it.

A process of its own (`python -m tests.support.plant FOLDER`), because the packages have to be found in the copy and not
where the tests have them from. Reads [[module, import], ...] and writes [[contract, ...], ...], both as JSON.
"""

import contextlib
import json
import shutil
import sys
import tomllib
from pathlib import Path

from importlinter import configuration
from importlinter.application import use_cases
from importlinter.application.user_options import UserOptions

from tests.support.sources import ROOT

CONFIG = ROOT / "pyproject.toml"


def main() -> None:
    """Answer for each import asked for on standard input."""
    copy = Path(sys.argv[1])
    _copy_packages(copy)
    sys.path.insert(0, str(copy))
    with contextlib.redirect_stdout(sys.stderr):
        configuration.configure()
        options = use_cases.read_user_options(str(CONFIG))
        use_cases._register_contract_types(options)
        before = _findings(options, copy)
        answers = [_noticed(options, copy, before, *plant) for plant in json.load(sys.stdin)]
    json.dump(answers, sys.stdout)


def _copy_packages(target: Path) -> None:
    """Copy what the wheel takes; only Python files matter here."""
    build = tomllib.loads(CONFIG.read_text("utf-8"))["tool"]["hatch"]["build"]
    for package in build["targets"]["wheel"]["packages"]:
        for file in (ROOT / package).rglob("*.py"):
            place = target / file.relative_to((ROOT / package).parent)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def _noticed(
    options: UserOptions, copy: Path, before: dict[str, str], module: str, planted: str
) -> list[str]:
    """The contracts that are broken with the import, and were not so without it or not in this way."""
    path = copy.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = file.read_text("utf-8")
    file.write_text(f"{text}\n{planted}\n", "utf-8")
    after = _findings(options, copy)
    file.write_text(text, "utf-8")
    return [name for name, finding in after.items() if finding and finding != before[name]]


def _findings(options: UserOptions, copy: Path) -> dict[str, str]:
    """What each contract objects to, as text; empty if it is kept."""
    report = use_cases.create_report(options, cache_dir=str(copy / ".cache"))
    if report.invalid_contract_options:
        raise ValueError(report.invalid_contract_options)
    return {
        contract.name: "" if check.kept else str(check.metadata)
        for contract, check in report.get_contracts_and_checks()
    }


if __name__ == "__main__":
    main()
