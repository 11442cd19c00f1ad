"""What FHIR says an element of a resource is: the table `elements.tsv`, made from HL7's definitions of STU3 and R4.

Both versions are read alike. Where they differ an element may have the types of either; the JSON shows which.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recordgate_producers.fhir.roles import Role
from recordgate_producers.fhir.types import CONTAINED_FIELDS, KINDS, PEOPLE

TABLE = Path(__file__).with_name("elements.tsv")

READ = frozenset(
    {*KINDS, *CONTAINED_FIELDS, *PEOPLE}
    | set(
        """AdverseEvent Binary CareTeam ClinicalImpression Composition Consent DetectedIssue Device DeviceRequest
        DeviceUseStatement EpisodeOfCare FamilyMemberHistory Flag Goal ImagingStudy ImmunizationRecommendation Media
        MedicationAdministration MedicationDispense NutritionOrder RequestGroup RiskAssessment Substance
        SupplyRequest VisionPrescription""".split()  # noqa: SIM905  a list of words
    )
)
"""The resource types of which every element is in the table: what is released, and what says something about it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One element. `path` as FHIR writes it; `types`: what its value may be; `targets`: what a reference may name.

    `modifier`: it may change the meaning of others; `many`: it may be a list, in one version at least; `required`: it
    must be there, in every version that has it.
    """

    path: str
    role: Role
    types: tuple[str, ...]
    targets: tuple[str, ...]
    modifier: bool
    many: bool
    required: bool
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a JSON object, as an element of one type."""

    definition: Definition
    type: str

    @property
    def role(self) -> Role:
        """What the value is: an element of several types is what its value's type is."""
        if self.definition.role is not Role.BY_TYPE:
            return self.definition.role
        return table()[self.type].role


CHOICE = "[x]"
PRIMITIVES = frozenset(
    {
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    }
)
"""Types whose JSON is a text, a number or a truth value."""

NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
"""Types whose JSON is a number."""

_BASES = ("BackboneElement", "Element")
_RESOURCE_BASES = ("DomainResource", "Resource")


@cache
def table() -> Mapping[str, Definition]:
    """Return every element by its path."""
    lines = TABLE.read_text("utf-8").splitlines()[1:]
    return {one.path: one for one in map(_definition, lines)}


def _definition(line: str) -> Definition:
    path, role, types, targets, modifier, many, required, versions = line.split("\t")
    return Definition(
        path,
        Role(role),
        tuple(types.split("|")),
        tuple(targets.split("|")) if targets != "-" else (),
        modifier == "yes",
        many == "yes",
        required == "yes",
        tuple(versions.split("|")),
    )


@cache
def fields_of(holder: str) -> Mapping[str, tuple[Field, ...]]:
    """Return the keys that a resource, a data type or a part of one (`Observation.component`) may have.

    A key has two meanings where the versions differ, such as a note that was a text and became an annotation.
    """
    found: dict[str, tuple[Field, ...]] = {}
    bases = (*_BASES, *_RESOURCE_BASES) if holder in (*READ, *_RESOURCE_BASES) else _BASES
    for one in (*bases, holder):
        for path, definition in table().items():
            parent, _, name = path.rpartition(".")
            if parent == one:
                for key, type_ in _keys(name, definition):
                    found[key] = (*found.get(key, ()), Field(definition, type_))
    return found


def lost(holder: str, before: Collection[str], after: Collection[str]) -> str | None:
    """Return the path of a required element that keys had before and have no longer; None if there is none."""
    have = {key.lstrip("_") for key in after}
    had = {key.lstrip("_") for key in before} - have
    required = _required(holder) if had else {}
    return next((path for path, keys in required.items() if keys & had and not keys & have), None)


@cache
def _required(holder: str) -> Mapping[str, frozenset[str]]:
    """Return the keys of each required element of a holder; of an extension, its value or what is in it is one."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, fields in fields_of(holder).items():
        for one in fields:
            if one.definition.required:
                found[one.definition.path].add(key)
            elif holder == "Extension" and (key == "extension" or key.startswith("value")):
                found["Extension.value[x]"].add(key)
    return {path: frozenset(keys) for path, keys in found.items()}


def is_known(type_: str) -> bool:
    """Whether the table has a type, resource or data type."""
    return type_ in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset(path.partition(".")[0] for path in table())


def _keys(name: str, definition: Definition) -> list[tuple[str, str]]:
    if not name.endswith(CHOICE):
        return [(name, type_) for type_ in definition.types]
    stem = name.removesuffix(CHOICE)
    return [(stem + type_[0].upper() + type_[1:], type_) for type_ in definition.types]
