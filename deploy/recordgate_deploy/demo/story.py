"""The story: publish, hide, amend, decline, review; after each step what patients see is shown and checked."""

import hashlib
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from recordgate_deploy.demo.cast import Person, gather, registration, said
from recordgate_deploy.demo.stage import Decided, Seen, Stage, fhir_id
from recordgate_deploy.processes import recordgate_argv
from recordgate_deploy.stack import running
from recordgate_producers import samples
from recordgate_producers.fhir import snapshot_control
from recordgate_runtime.settings import settings
from recordgate_schemas.control import AccessDeclined, Control, EntryHidden, HideCause, ProxyEnded
from recordgate_schemas.entry import ClinicalEntry, ThirdParty
from recordgate_schemas.reasons import INTEGRITY, Outcome
from recordgate_schemas.values import SELF, GrantId

LOG = "processes.log"


def tell(home: Path, records: Path | None) -> int:
    """Run the demo in a folder of its own, emptied first; return 0 when everything held."""
    console = Console(soft_wrap=True, highlight=False)
    if settings().embedded:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    console.print("starting Kafka, PostgreSQL and five processes ...")
    started = time.monotonic()
    with (home / LOG).open("wb") as log, running(home, log) as supervisor:
        stage = Stage(supervisor, settings())
        console.print(f"up after {time.monotonic() - started:.1f} s; their log: {home / LOG}")
        story = Story(stage, console, records)
        try:
            story.tell()
        finally:
            stage.close()
    return story.status()


class Story:
    """The steps, each ending in checks."""

    def __init__(self, stage: Stage, console: Console, records: Path | None) -> None:
        self._stage = stage
        self._console = console
        self._historic = records is not None
        self._people, self._beside = gather([str(records or samples.RECORDS)])
        self._failed: list[str] = []
        self._started = time.monotonic()

    def tell(self) -> None:
        """Go through the steps."""
        self._publish()
        star = max(self._people, key=self._fame)
        self._hide(star)
        self._amend(star)
        if not self._historic:
            self._extract_again()
        self._decline(star)
        self._review(star)
        self._account()

    def status(self) -> int:
        """Return 0 when every check held, 1 otherwise."""
        return 1 if self._failed else 0

    def _publish(self) -> None:
        self._title("Patients are registered and their records published")
        self._send([c for p in self._people for c in registration(p, historic=self._historic)])
        self._send(self._beside)
        for person in self._people:
            self._send(list(person.extract.hides), list(person.extract.entries))
        self._stage.watch.wait()
        table = Table("record", "entries published", "seen by", "sees")
        for person in self._people:
            seen = self._stage.seen(person)
            table.add_row(
                person.label, str(len(person.extract.entries)), person.audience, str(len(seen))
            )
            self._check_released(person, seen)
        self._console.print(table)
        self._outcomes()
        self._check("somebody sees something", any(self._stage.seen(p) for p in self._people))

    def _check_released(self, person: Person, seen: Seen) -> None:
        released = {
            fhir_id(d.entry_id) for d in self._stage.decided(person) if "RELEASED" in d.outcome
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

    def _hide(self, star: Person) -> None:
        victim = self._one_seen(star)
        self._title(f"The practice hides one entry of {star.label} ({fhir_id(victim.entry_id)})")
        before = self._stage.seen(star)
        hide = EntryHidden(victim.entry_id, (), HideCause.DO_NOT_DISPLAY)
        self._send([said(star, hide, "hide")])
        self._stage.watch.wait()
        after = self._stage.seen(star)
        self._difference(before, after)
        gone = fhir_id(victim.entry_id)
        self._check("the hidden entry is gone, all others stay", after == _without(before, gone))

    def _amend(self, star: Person) -> None:
        original = self._one_seen(star)
        amended = _amended(original)
        self._title(f"An entry of {star.label} is amended ({fhir_id(original.entry_id)})")
        before = self._stage.seen(star)
        self._send(entries=[amended])
        self._send(entries=[original])
        self._stage.watch.wait()
        after = self._stage.seen(star)
        self._difference(before, after)
        name = fhir_id(original.entry_id)
        self._check("the amended entry shows its newest words", "amended" in after.get(name, ""))
        self._check("the old version, sent again, changes nothing", set(after) == set(before))

    def _extract_again(self) -> None:
        later, _ = gather([str(samples.AMENDMENT)])
        for person in later:
            self._title(f"A week later the whole record {person.label} is published again")
            before = self._stage.seen(person)
            self._send(list(person.extract.hides), list(person.extract.entries))
            self._send([snapshot_control(person.extract)])
            self._stage.watch.wait()
            after = self._stage.seen(person)
            self._difference(before, after)
            listed = {fhir_id(entry.entry_id) for entry in person.extract.entries}
            self._check("what the record no longer lists is gone", not set(after) - listed)
            self._check("what it still lists stays", set(before) & listed <= set(after))
            self._check("results filed since are seen", bool(set(after) - set(before)))
            self._check_released(person, after)

    def _decline(self, star: Person) -> None:
        self._title(f"The decider is stopped; {star.label} declines online access")
        for lane in ("decide-entries", "decide-controls"):
            self._stage.supervisor.client.stop(lane)
        before = self._stage.seen(star)
        others = {p.label: self._stage.seen(p) for p in self._people if p is not star}
        decline = AccessDeclined() if star.audience == SELF else _end_of(star)
        self._send([said(star, decline, "decline")])
        self._stage.watch.wait(gate_only=True)
        after = self._stage.seen(star)
        self._difference(before, after)
        self._check("the view is empty at once, without the decider", not after)
        same = all(self._stage.seen(p) == others[p.label] for p in self._people if p is not star)
        self._check("everybody else reads on", same)
        for lane in ("decide-entries", "decide-controls"):
            self._stage.supervisor.client.start(lane)
        self._stage.watch.wait()
        self._check("with the decider back it stays empty", not self._stage.seen(star))

    def _review(self, star: Person) -> None:
        held = self._held() or self._hold_one(star)
        self._title("A reviewer releases one held entry")
        person, decision = held[0]
        before = self._stage.seen(person)
        command = recordgate_argv(
            "review", decision.entry_id, "--release", "--audience", person.audience
        )
        subprocess.run(command, check=True)  # noqa: S603  our own command, as a reviewer would run it
        self._stage.watch.wait()
        after = self._stage.seen(person)
        self._difference(before, after)
        name = fhir_id(decision.entry_id)
        self._check(
            "the reviewed entry is seen, nothing else changed", _without(after, name) == before
        )
        self._check("it was not seen before", name in after and name not in before)

    def _held(self) -> list[tuple[Person, Decided]]:
        return [
            (person, decision)
            for person in self._people
            for decision in self._stage.decided(person)
            if decision.outcome == Outcome.HELD and decision.headline not in INTEGRITY
        ]

    def _hold_one(self, star: Person) -> list[tuple[Person, Decided]]:
        """Amend an entry so that it names a third party: a person must look before it is seen again."""
        person = next(p for p in self._people if p is not star and self._stage.seen(p))
        entry = self._one_seen(person)
        self._title(
            f"An entry of {person.label} now names a third party ({fhir_id(entry.entry_id)})"
        )
        before = self._stage.seen(person)
        flagged = replace(entry, version=entry.version + 1, third_party=ThirdParty.PRESENT)
        self._send(entries=[flagged])
        self._stage.watch.wait()
        after = self._stage.seen(person)
        self._difference(before, after)
        gone = fhir_id(entry.entry_id)
        self._check("it is held, everything else stays", after == _without(before, gone))
        return self._held()

    def _fame(self, person: Person) -> tuple[bool, int]:
        """Patients who see for themselves come before children, then who sees most."""
        return person.audience == SELF, len(self._stage.seen(person))

    def _account(self) -> None:
        self._title("What became of every record")
        self._outcomes()
        account = self._stage.account()
        self._check("every record is accounted for", account.unaccounted == 0)
        for name in self._failed:
            self._console.print(f"NOT HELD: {name}", style="bold red")
        self._console.print(account.sentence())

    def _one_seen(self, person: Person) -> ClinicalEntry:
        """Return an entry the person sees whose words stand in a comment, else any they see."""
        seen = self._stage.seen(person)
        visible = [e for e in person.extract.entries if fhir_id(e.entry_id) in seen]
        return next((e for e in visible if b'"comment":"' in e.body), visible[0])

    def _send(
        self, controls: list[Control] | None = None, entries: list[ClinicalEntry] | None = None
    ) -> None:
        self._stage.publisher.publish_controls(controls or [])
        self._stage.publisher.publish_entries(entries or [])

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
        for audience, outcome, reason, count in self._stage.outcomes():
            table.add_row(audience, outcome, reason, str(count))
        self._console.print(table)


def _without(seen: Seen, name: str) -> Seen:
    return {key: words for key, words in seen.items() if key != name}


def _amended(entry: ClinicalEntry) -> ClinicalEntry:
    """Return the next version of an entry, its comment amended."""
    resource = orjson.loads(entry.body)
    resource["comment"] = f"{resource.get('comment', '')} (amended)".strip()
    body = orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).digest()
    return replace(entry, version=entry.version + 1, body=body, body_sha256=digest)


def _end_of(star: Person) -> ProxyEnded:
    return ProxyEnded(GrantId(star.audience.partition(":")[2]))
