"""From a case to the controls and entries that are published for it: the baseline with the case's changes."""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from recordgate_schemas.control import Control
from recordgate_schemas.entry import ClinicalEntry, ElementKind
from recordgate_schemas.errors import PoisonError, UsageError
from recordgate_schemas.mapping import mapper
from recordgate_schemas.values import NhsNumber
from recordgate_streams.golden.cases import Case, Fields, baseline
from recordgate_streams.golden.instants import resolve
from recordgate_streams.policy.dates import local_day

Message = Control | ClinicalEntry
_CONTROL = mapper(Control, "json")
_ENTRY = mapper(ClinicalEntry, "json")
SOMEBODY = "9990000018"
"""Stands for the patient while a message is made: the number of a case may be one that no message can have."""

FREE_TEXT, ATTACHMENT, CHILDREN = "note", "content", "result"
"""The fields of our bodies, by kind of element."""


@dataclass(frozen=True, slots=True)
class Published:
    """What is published first, and what then."""

    first: tuple[Message, ...]
    then: tuple[Message, ...]

    @property
    def everything(self) -> tuple[Message, ...]:
        """All of it."""
        return self.first + self.then


def messages_of(case: Case, now: datetime, number: NhsNumber, ruleset: str) -> Published:
    """Return a case as messages about a patient; `ruleset` is the hash of the one in force."""
    writer = _Writer(case, now, number, ruleset)
    try:
        first, then = writer.first(), writer.then()
    except (PoisonError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"golden case {case.name}: {error}") from None
    return Published(first, first + then if case.again else then)


@dataclass(slots=True)
class _Writer:
    case: Case
    now: datetime
    number: NhsNumber
    ruleset: str
    written: int = 0

    def first(self) -> tuple[Message, ...]:
        entries = [] if "entry" in self.case.without else [self.entry(self.case.entry)]
        entries += [self.entry(fields) for fields in self.case.others]
        return (*self._baseline(), *map(self.message, self.case.say), *entries)

    def then(self) -> tuple[Message, ...]:
        return tuple(map(self.message, self.case.then))

    def _baseline(self) -> list[Control]:
        case = self.case
        controls: list[tuple[str, Fields]] = []
        if "registered" not in case.without:
            controls.append(("Registered", case.registered))
        if "access" not in case.without:
            controls.append(("AccessLevelSet", case.access))
        if case.is_proxys or case.grant is not None:
            controls.append(("ProxyGranted", case.grant or {}))
            controls += [] if "used" in case.without else [("ProxyUsed", {})]
        return [self.control(kind, fields) for kind, fields in controls]

    def message(self, given: Fields) -> Message:
        """One item of a table: `{ entry = {...} }` or `{ AccessDeclined = {...}, at = ... }`."""
        if "entry" in given:
            same = {} if "entry_id" in given["entry"] else self.case.entry
            return self.entry({**same, **given["entry"]})
        (kind,) = given.keys() - {"at"}
        return self.control(kind, given[kind], given.get("at"))

    def control(self, kind: str, given: Fields, at: Any = None) -> Control:
        fields = {**baseline()["controls"].get(kind, {}), **given}
        fields.pop("at", None)
        if fields.get("historic"):
            fields["historic"] = {"since": "", **fields["historic"]}
        if kind == "Reviewed":
            fields = {**self._seen(), **fields}
        effective = baseline()["effective_at"]
        self.written += 1
        written = {
            "control_id": f"golden-{self.case.name}-{self.written}",
            "nhs_number": SOMEBODY,
            "effective_at": at or given.get("at") or effective.get(kind, effective["others"]),
            "source": "golden",
            "change": {"type": kind, **fields},
        }
        control: Control = _CONTROL.load(resolve(written, self.now))
        return replace(control, nhs_number=self.number)

    def _seen(self) -> Fields:
        audience = "proxy:g1" if self.case.is_proxys else "self"
        e0 = self.entry(self.case.entry)
        hash_of_e0 = base64.b64encode(e0.body_sha256).decode()
        about = {"practice": e0.practice, "audience": audience}
        return {**about, "body_sha256": hash_of_e0, "ruleset": self.ruleset}

    def entry(self, given: Fields) -> ClinicalEntry:
        fields: Fields = resolve({**baseline()["entry"], **given}, self.now)
        short = baseline()["short"]
        mismatch, words = fields.pop("body_mismatch", False), fields.pop("says", "Seen today")
        stray = fields.pop("nopat_in_body", False)
        fields["labels"] = [_coding(c, short["label_system"]) for c in fields["labels"]]
        fields["codes"] = [_coding(c, short["code_system"]) for c in fields["codes"]]
        recorded = fields["recorded_at"]
        fields = {"event_date": _day(recorded), "available_at": recorded, **fields}
        body = _body(fields, words, stray=stray)
        fields["elements"] = list(_elements(fields["elements"]))
        described = body + b" " if mismatch else body
        entry: ClinicalEntry = _ENTRY.load(
            {
                **fields,
                "nhs_number": SOMEBODY,
                "body": base64.b64encode(body).decode(),
                "body_type": "application/fhir+json",
                "body_sha256": base64.b64encode(hashlib.sha256(described).digest()).decode(),
            }
        )
        return replace(entry, nhs_number=self.number)


def _coding(code: Any, system: str) -> Fields:
    return {"system": system, "code": code} if isinstance(code, str) else code


def _day(recorded: str | None) -> str | None:
    return date.isoformat(local_day(datetime.fromisoformat(recorded))) if recorded else None


def _body(fields: Fields, words: str, *, stray: bool) -> bytes:
    """A body that has what its elements say, and perhaps a label that the envelope does not have."""
    kinds = {element["kind"] for element in fields["elements"]}
    children = [e["entry_id"] for e in fields["elements"] if e["kind"] == ElementKind.CHILD]
    body: Fields = {"resourceType": "Basic", "id": fields["entry_id"], "code": {"text": words}}
    if stray:
        body["meta"] = {"security": [{"code": "NOPAT"}]}
    if ElementKind.FREE_TEXT in kinds:
        body[FREE_TEXT] = [{"text": "Feels well"}]
    if ElementKind.ATTACHMENT in kinds:
        body[ATTACHMENT] = [{"attachment": {"title": "Letter"}}]
    if children:
        body[CHILDREN] = [{"reference": child} for child in children]
    return json.dumps(body, separators=(",", ":")).encode()


def _elements(given: list[Fields]) -> Any:
    pointers = {"free_text": f"/{FREE_TEXT}/0", "attachment": f"/{ATTACHMENT}/0"}
    child = 0
    for element in given:
        pointer = pointers.get(element["kind"], f"/{CHILDREN}/{child}")
        child += element["kind"] == ElementKind.CHILD
        yield {"pointer": pointer, "entry_id": None, **element}
