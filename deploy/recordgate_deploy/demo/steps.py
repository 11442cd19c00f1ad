"""The steps of the demo: publish, hide, amend, decline, review. After each, what patients see is shown and checked."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from recordgate_deploy.demo.people import Person, control, gather, registration
from recordgate_deploy.demo.pipeline import Pipeline, Seen, fhir_id
from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.runner import Runner
from recordgate_deploy.servers import no_servers_configured
from recordgate_deploy.stack import running
from recordgate_producers import samples
from recordgate_producers.fhir import snapshot_control
from recordgate_runtime.settings import adopt, settings
from recordgate_schemas.control import AccessDeclined, Control, EntryHidden, HideCause, ProxyEnded
from recordgate_schemas.entry import ClinicalEntry, Link, Relation, ThirdParty
from recordgate_schemas.reasons import INTEGRITY, Outcome, Reason
from recordgate_schemas.values import SELF, EntryId, GrantId
from recordgate_streams.ledger.observe import DecisionInForce

LOG = "processes.log"
UNDO_S = 2
"""In the demo a reviewer has less time to undo a release: nobody waits long for the next step."""


def run_demo(home: Path, records: Path | None) -> int:
    """Run the demo in a folder of its own, emptied first; return 0 when every check passed, otherwise 1."""
    console = Console(soft_wrap=True, highlight=False)
    if no_servers_configured():
        with Runner(home):  # refuses while a demo is running; ends what a killed one left
            shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    adopt({"RECORDGATE_REVIEW_UNDO_S": str(UNDO_S)})
    console.print("starting Kafka, PostgreSQL and five processes ...")
    started = time.monotonic()
    with (
        (home / LOG).open("wb") as log,
        running(home, log) as runner,
        Pipeline(runner, settings()) as pipeline,
    ):
        console.print(f"up after {time.monotonic() - started:.1f} s; their log: {home / LOG}")
        return Demo(pipeline, console, records).run()


class Demo:
    """The steps, each ending in checks. What happens to one patient must change nothing for the others."""

    def __init__(self, pipeline: Pipeline, console: Console, records: Path | None) -> None:
        self._pipeline = pipeline
        self._console = console
        self._historic = records is not None
        self._people, self._controls = gather([str(records or samples.RECORDS)])
        self._failed: list[str] = []
        self._started = time.monotonic()

    def run(self) -> int:
        """Take every step; return 0 when every check passed, otherwise 1."""
        self._publish()
        # Patients who see for themselves come before children, then who sees most.
        patient = max(self._people, key=lambda p: (p.audience == SELF, len(self._pipeline.seen(p))))
        self._hide(patient)
        self._amend(patient)
        if not self._historic:
            self._extract_again()
        self._decline(patient)
        self._review(patient)
        self._account()
        return 1 if self._failed else 0

    def _publish(self) -> None:
        self._title("Patients are registered and their records published")
        self._pipeline.publish(
            [c for p in self._people for c in registration(p, historic=self._historic)]
        )
        self._pipeline.publish(self._controls)
        for person in self._people:
            self._pipeline.publish(person.extract.hides, person.extract.entries)
        self._pipeline.wait()
        table = Table("record", "entries published", "seen by", "sees")
        for person in self._people:
            seen = self._pipeline.seen(person)
            table.add_row(
                person.label, str(len(person.extract.entries)), person.audience, str(len(seen))
            )
            self._check_released(person, seen)
        self._console.print(table)
        self._outcomes()
        self._check("somebody sees something", any(self._pipeline.seen(p) for p in self._people))

    def _check_released(self, person: Person, seen: Seen) -> None:
        released = {
            fhir_id(d.entry_id) for d in self._pipeline.decisions(person) if "RELEASED" in d.outcome
        }
        hidden = {
            fhir_id(h.change.entry_id)
            for h in person.extract.hides
            if isinstance(h.change, EntryHidden)
        }
        self._check(
            f"{person.label}: the view holds exactly what was released", set(seen) == released
        )
        self._check(f"{person.label}: nothing hidden at source is seen", not hidden & set(seen))

    def _hide(self, patient: Person) -> None:
        entry = self._one_seen(patient)
        name = fhir_id(entry.entry_id)
        self._title(f"The practice hides one entry of {patient.label} ({name})")
        hide = EntryHidden(entry.entry_id, (), HideCause.DO_NOT_DISPLAY)
        before, after = self._effect(patient, [control(patient, hide, "hide")])
        named = Link(entry.entry_id, Relation.ABOUT_PROBLEM)  # its problem says the same
        problems = [fhir_id(e.entry_id) for e in patient.extract.entries if named in e.links]
        left = _without(before, name, *problems)
        self._check("the hidden entry and its problem are gone, all others stay", after == left)

    def _amend(self, patient: Person) -> None:
        original = self._one_seen(patient)
        name = fhir_id(original.entry_id)
        self._title(f"An entry of {patient.label} is amended ({name})")
        before, after = self._effect(patient, entries=[_amended(original), original])
        self._check("the amended entry shows its newest words", "amended" in after.get(name, ""))
        self._check("the old version, sent again, changes nothing", set(after) == set(before))

    def _extract_again(self) -> None:
        later, _ = gather([str(samples.AMENDMENT)])
        for person in later:
            self._title(f"A week later the whole record {person.label} is published again")
            found = person.extract
            controls = [*found.hides, snapshot_control(found)]
            before, after = self._effect(person, controls, found.entries)
            listed = {fhir_id(entry.entry_id) for entry in found.entries}
            self._check("what the record no longer lists is gone", not set(after) - listed)
            self._check("what it still lists stays", set(before) & listed <= set(after))
            self._check("results filed since are seen", bool(set(after) - set(before)))
            self._check_released(person, after)

    def _decline(self, patient: Person) -> None:
        self._title(f"The decider is stopped; {patient.label} declines online access")
        self._pipeline.stop_decider()
        others = [person for person in self._people if person is not patient]
        unchanged = [self._pipeline.seen(person) for person in others]
        decline = AccessDeclined() if patient.audience == SELF else _end_of(patient)
        _, after = self._effect(patient, [control(patient, decline, "decline")], gate_only=True)
        self._check("the view is empty at once, without the decider", not after)
        same = [self._pipeline.seen(person) for person in others] == unchanged
        self._check("everybody else reads on", same)
        self._pipeline.start_decider()
        self._pipeline.wait()
        self._check("with the decider back it stays empty", not self._pipeline.seen(patient))

    def _review(self, patient: Person) -> None:
        held = self._held() or self._hold_one(patient)
        self._title("A reviewer releases one held entry")
        person, entry_id, practice, item = self._listed(held)
        before = self._pipeline.seen(person)
        options = ("--practice", practice, "--reviewer", "demo", "--role", "gp")
        self._console.print(self._command("review", item, "release", *options).decode().strip())
        self._pipeline.wait()
        after = self._pipeline.seen(person)
        self._difference(before, after)
        name = fhir_id(entry_id)
        self._check(
            "the reviewed entry is seen, nothing else changed", _without(after, name) == before
        )
        self._check("it was not seen before", name in after and name not in before)

    def _listed(
        self, held: list[tuple[Person, DecisionInForce]]
    ) -> tuple[Person, EntryId, str, str]:
        """Return one of the held entries that a single person may release: whose, its id, its practice, its item."""
        of = {(decision.entry_id, person.audience): person for person, decision in held}
        for practice in sorted({person.extract.entries[0].practice for person in of.values()}):
            listed = self._command("holds", "--practice", practice, "--limit", "500", "--json")
            for one in orjson.loads(listed):
                about = (one["entry_id"], one["audience"])
                if about in of and Reason.SAFEGUARDING not in one["reasons"]:
                    return of[about], EntryId(one["entry_id"]), practice, one["id"]
        raise RuntimeError("no held entry is in the queues of the demo's practices")

    def _command(self, *arguments: str) -> bytes:
        """Run a command as a reviewer would, and return what it prints."""
        argv = recordgate_argv(*arguments)
        return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603  our own

    def _held(self) -> list[tuple[Person, DecisionInForce]]:
        return [
            (person, decision)
            for person in self._people
            for decision in self._pipeline.decisions(person)
            if decision.outcome == Outcome.HELD and decision.headline not in INTEGRITY
        ]

    def _hold_one(self, patient: Person) -> list[tuple[Person, DecisionInForce]]:
        """Amend an entry so that it names a third party: a person must look before it is seen again."""
        person = next(p for p in self._people if p is not patient and self._pipeline.seen(p))
        entry = self._one_seen(person)
        self._title(
            f"An entry of {person.label} now names a third party ({fhir_id(entry.entry_id)})"
        )
        flagged = replace(entry, version=entry.version + 1, third_party=ThirdParty.PRESENT)
        before, after = self._effect(person, entries=[flagged])
        gone = fhir_id(entry.entry_id)
        self._check("it is held, everything else stays", after == _without(before, gone))
        return self._held()

    def _account(self) -> None:
        self._title("What became of every record")
        self._outcomes()
        account = self._pipeline.account()
        self._check("every record is accounted for", account.unaccounted == 0)
        for name in self._failed:
            self._console.print(f"NOT HELD: {name}", style="bold red")
        self._console.print(account.sentence())

    def _one_seen(self, person: Person) -> ClinicalEntry:
        """Return an entry the person sees with a comment, else any they see."""
        seen = self._pipeline.seen(person)
        visible = [e for e in person.extract.entries if fhir_id(e.entry_id) in seen]
        return next((e for e in visible if b'"comment":"' in e.body), visible[0])

    def _effect(
        self,
        person: Person,
        controls: Sequence[Control] = (),
        entries: Sequence[ClinicalEntry] = (),
        *,
        gate_only: bool = False,
    ) -> tuple[Seen, Seen]:
        """Publish and wait; return what the person saw before and sees after, and print the difference."""
        before = self._pipeline.seen(person)
        self._pipeline.publish(controls, entries)
        self._pipeline.wait(gate_only=gate_only)
        after = self._pipeline.seen(person)
        self._difference(before, after)
        return before, after

    def _title(self, text: str) -> None:
        elapsed = time.monotonic() - self._started
        self._console.print(f"\n[bold]{text}[/bold] [dim]({elapsed:.0f} s)[/dim]")

    def _check(self, name: str, held: bool) -> None:  # noqa: FBT001  a check is its name and its truth
        self._console.print(
            f"  {'ok  ' if held else 'FAIL'} {name}", style="" if held else "bold red"
        )
        if not held:
            self._failed.append(name)

    def _difference(self, before: Seen, after: Seen) -> None:
        self._console.print(f"  seen before: {len(before)} entries, after: {len(after)}")
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                self._console.print(
                    f"  - {before.get(name, 'not there')[:90]}", style="red", markup=False
                )
                self._console.print(
                    f"  + {after.get(name, 'not there')[:90]}", style="green", markup=False
                )
                if not after:
                    self._console.print("  ... and so on: nothing is left")
                    return

    def _outcomes(self) -> None:
        table = Table("audience", "outcome", "reason", "entries")
        for audience, outcome, reason, count in self._pipeline.outcomes():
            table.add_row(audience, outcome, reason, str(count))
        self._console.print(table)


def _without(seen: Seen, *names: str) -> Seen:
    return {key: words for key, words in seen.items() if key not in names}


def _amended(entry: ClinicalEntry) -> ClinicalEntry:
    """Return the next version of an entry, its comment amended."""
    resource = orjson.loads(entry.body)
    resource["comment"] = f"{resource.get('comment', '')} (amended)".strip()
    body = orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).digest()
    return replace(entry, version=entry.version + 1, body=body, body_sha256=digest)


def _end_of(patient: Person) -> ProxyEnded:
    return ProxyEnded(GrantId(patient.audience.partition(":")[2]))
