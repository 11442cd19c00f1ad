"""Writes docs/tour.md by taking the tour: every command is run, on a system of its own, and its real output shown.

`python docs/tour.py`, about two minutes; needs the embedded servers. Keys, ids and times differ each time.
"""
# ruff: noqa: INP001  a script beside the page it writes

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from recordgate_deploy.settled import Watch
from recordgate_deploy.stack import running
from recordgate_producers.simulator import simulate
from recordgate_runtime.settings import adopt, environment, settings

PAGE = Path(__file__).parent / "tour.md"
PATIENTS, ENTRIES, CODED = 40, 25, 3
LONGEST = 30
"""Lines of one output that are shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """A text, the commands run (`RID` stands for the rehearsal's id), and whether to wait until all is applied."""

    text: str
    commands: tuple[str, ...]
    wait: bool = False


STEPS = (
    Step(
        """## 1. Look

A ruleset is a folder of TOML files. This is the one in force, checked; sets without members are named, because their
content may not be shipped, or is not published, and has to be loaded.""",
        (
            "recordgate rules check | head -4",
            "recordgate rules explain on_104",
            "recordgate rules status",
        ),
    ),
    Step(
        """Three patients have a 104 on their record since this morning. What they saw before, they still see; what is
recorded from now on waits for a review. That is the default, `hold_new`.""",
        ("recordgate rules golden",),
    ),
    Step(
        """## 2. Change a switch

The practice's clinical safety officer wants a 104 to close the whole view. Copy the ruleset, change one word, check it.
A mistake is reported with file, line and the valid choices:""",
        (
            "recordgate rules new my-rules",
            """sed -i 's/^on_104 = .*/on_104 = "suspend_all"/' my-rules/ruleset.toml""",
            "recordgate rules check my-rules",
            """sed -i 's/^on_104 = .*/on_104 = "suspend_view"/' my-rules/ruleset.toml""",
            "recordgate rules check my-rules | head -2",
        ),
    ),
    Step(
        """## 3. Test it

The golden table holds the outcome of each row of the guidance. Under the changed ruleset some outcomes differ: that is
what the change means. Nothing else may differ: name the rows you meant, and the command fails if another one does.""",
        (
            "recordgate rules test my-rules | cut -c1-150",
            "recordgate rules test my-rules --accept 11,19,32a,32b,34a,34b,35,91 | tail -1",
        ),
    ),
    Step(
        """## 4. See the difference

What changed, by switch, and the ruleset as one file that everybody looks at and signs.""",
        (
            "recordgate rules new before && recordgate rules diff before my-rules",
            "recordgate rules pack my-rules",
        ),
    ),
    Step(
        """## 5. Rehearse

The new ruleset decides everything in the ledger again, in memory: nothing is changed. The report says what would
appear, disappear or join the queue, by reason and by practice, with examples.""",
        ("recordgate rules rehearse recordgate-england-*.json --save",),
    ),
    Step(
        """## 6. Two people approve

Each approver has a key of their own, and the ledger keeps who may approve. The first approvers are installed once;
every later change needs the signatures of two of them. Activation is refused until two have signed the exact numbers of
this rehearsal, because they are above the ruleset's own limits.""",
        (
            "echo '[approvers]' > approvers.toml",
            """printf 'ann = "%s"\\n' "$(recordgate rules keygen ann.pem | tail -1)" | tee -a approvers.toml""",
            """printf 'ben = "%s"\\n' "$(recordgate rules keygen ben.pem | tail -1)" | tee -a approvers.toml""",
            "recordgate rules approvers init approvers.toml",
            "recordgate rules activate RID",
            "recordgate rules approve RID --key ann.pem --name ann",
            "recordgate rules approve RID --key ben.pem --name ben",
            "recordgate rules activate RID",
            "recordgate rules approve RID --key ann.pem --name ann --accept-disappear GONE",
            "recordgate rules approve RID --key ben.pem --name ben --accept-disappear GONE",
        ),
    ),
    Step(
        """## 7. Activate

From the next transaction on everything is decided by the new ruleset; what was decided before is decided again, patient
by patient, at the ruleset's own pace.""",
        ("recordgate rules activate RID",),
        wait=True,
    ),
    Step(
        "",
        (
            "recordgate rules status",
            "recordgate explain ENTRY",
            "recordgate explain ENTRY --why-not",
        ),
    ),
    Step(
        """## 8. Roll back

The former ruleset is kept. Rolling back has the same steps: rehearse, approve, activate.""",
        (
            "recordgate rules rehearse --former --save",
            "recordgate rules approve RID --key ann.pem --name ann --accept-appear GONE",
            "recordgate rules approve RID --key ben.pem --name ben --accept-appear GONE",
            "recordgate rules activate RID",
        ),
        wait=True,
    ),
    Step(
        "Everybody sees again exactly what they saw before.",
        ("recordgate rules status", "recordgate explain ENTRY", "recordgate account"),
    ),
    Step(
        """## 9. Another approver

Ben leaves and Cleo comes. The new set is written to a file, both former approvers sign it, and anybody may hand it in.
What they signed stays in the ledger, with the keys it was signed with.""",
        (
            "grep -v ben approvers.toml > next.toml",
            """printf 'cleo = "%s"\\n' "$(recordgate rules keygen cleo.pem)" >> next.toml""",
            "recordgate rules approvers propose next.toml",
            "recordgate rules approvers approve approvers-*.json --key ann.pem --name ann",
            "recordgate rules approvers approve approvers-*.json --key ben.pem --name ben",
            "recordgate rules approvers change approvers-*-ann.jws approvers-*-ben.jws",
            "recordgate rules approvers list",
        ),
    ),
)
HEAD = """# A tour for the information-governance lead

Change a rule, see what it does before it does anything, let two people approve it, activate it, take it back. Every
command below was run, and its output is what it printed, by `python docs/tour.py` on {day:%d %B %Y}, against a system
with {patients} invented patients. `docs/runbook/ruleset.md` says what to do when something here goes wrong.
"""


def main() -> None:
    """Take the tour and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        adopt({"RECORDGATE_HOME": str(home / "system")})
        with (home / "log").open("wb") as log, running(home / "system", log):
            page = "".join(_walk(home))
    day = datetime.now(UTC)  # noqa: TID251  the day of the tour
    PAGE.write_text(HEAD.format(day=day, patients=PATIENTS) + page, "utf-8")


def _walk(home: Path) -> Iterator[str]:
    watch = Watch(settings())
    coded = [p.nhs_number.digits for p in simulate(PATIENTS, ENTRIES, seed=1)][:CODED]
    _run(f"recordgate simulate --patients {PATIENTS} --entries {ENTRIES} --seed 1", home)
    watch.wait()
    (home / "coded.jsonl").write_text("\n".join(map(_coded, coded)), "utf-8")
    _run("recordgate publish coded.jsonl", home)
    watch.wait()
    known = {"RID": "", "GONE": str(CODED * ENTRIES), "ENTRY": _entry_of(coded[0])}
    for step in STEPS:
        yield f"\n{step.text}\n" if step.text else ""
        for command in step.commands:
            for name, value in known.items():
                command = command.replace(name, value)  # noqa: PLW2901
            output = _run(command, home)
            if found := re.search(r"^rehearsal (\w+)$", output, re.MULTILINE):
                known["RID"] = found[1][:12]
            yield f"\n    $ {command}\n" + "".join(f"    {line}\n" for line in _shown(output, home))
        if step.wait:
            _wait(watch)
    watch.close()


def _coded(number: str) -> str:
    change = {"type": "AccessReviewCoded", "code": "needed_104"}
    now = datetime.now(UTC).isoformat()  # noqa: TID251
    about = {"control_id": f"tour-{number[-4:]}", "nhs_number": number, "source": "tour"}
    return json.dumps({**about, "effective_at": now, "change": change})


def _entry_of(number: str) -> str:
    with psycopg.connect(settings().ledger_dsn) as ledger:
        row = ledger.execute(
            "select entry_id from current_decision where nhs_number = %s order by 1", (number,)
        ).fetchone()
    return str(row[0]) if row else ""


def _wait(watch: Watch) -> None:
    """Until the ruleset is applied everywhere, and everything that followed has come through."""
    with psycopg.connect(settings().ledger_dsn, autocommit=True) as ledger:
        while ledger.execute("select from rule_application where finished_at is null").fetchone():
            watch.wait()
    watch.wait()


def _run(command: str, folder: Path) -> str:
    known = environment()
    found = f"{Path(sys.executable).parent}:{known['PATH']}"
    done = subprocess.run(  # noqa: S603  the commands are those above
        ["bash", "-c", command],  # noqa: S607
        cwd=folder,
        env={**known, "PATH": found, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    status = f"\n[status {done.returncode}]" if done.returncode else ""
    return (done.stdout + done.stderr).rstrip() + status


def _shown(output: str, home: Path) -> list[str]:
    lines = [line.rstrip() for line in output.replace(str(home) + "/", "").splitlines()]
    return (
        lines
        if len(lines) <= LONGEST
        else [*lines[:LONGEST], f"... and {len(lines) - LONGEST} more lines"]
    )


if __name__ == "__main__":
    main()
