"""Titles and codes of lists and consultations that say what these are and nothing of what is in them."""

import re
from pathlib import Path
from typing import Any

from recordgate_producers.fhir.tree import Json, nodes, texts

HEADINGS = frozenset(Path(__file__).with_name("headings.txt").read_text("utf-8").splitlines())
"""The names of sections (GP Connect), of parts of a consultation and of sorts of consultation, as published extracts of
three systems, Synthea and HL7's classes of encounter have them.

SAFETY: any other title is what somebody wrote: the title of a topic names a problem, which may be hidden.
"""


def is_heading(title: object) -> bool:
    """Whether a title tells nothing of what a list holds."""
    return isinstance(title, str) and title.strip().casefold() in HEADINGS


CODES = frozenset(
    """
    1102181000000102 1103671000000101 1149501000000101 24781000000107 25851000000105 325851000000107 714311000000108
    717711000000103 792931000000107 826501000000100 886921000000105 887191000000108 933361000000108 24631000000103
    25651000000106 25671000000102 25751000000102 37291000000107 183452005 185317003 185345009 185347001 185349003
    210098006 270427003 308335008 308540004 316744009 371883000 390906007 698314001
    ACUTE AMB EMER FLD HH IMP NONAC OBSENC PRENC SS VR
    """.split()  # noqa: SIM905  a list of codes
)
"""Codes that go with such words: of sections and sorts of consultation (SNOMED), and of classes of encounter (HL7)."""

SECONDARY_LISTS = "GPConnect-SecondaryListValues-1"
"""The system of GP Connect's lists of what is found in other lists; all its codes are names of sections."""


def is_generic(concept: Any) -> bool:
    """Whether a CodeableConcept or a Coding tells nothing of what a container holds, by every word and code."""
    if not isinstance(concept, dict):
        return False
    codings = [*nodes(concept, "coding")] if "coding" in concept or "text" in concept else [concept]
    named = all(map(is_heading, texts(concept, "text")))
    return bool(concept) and named and all(map(_is_generic_coding, codings))


def _is_generic_coding(coding: Json) -> bool:
    code, words = coding.get("code"), [*texts(coding, "display")]
    if str(coding.get("system", "")).endswith(SECONDARY_LISTS):
        return all(re.sub("[^a-z]+", "-", one.casefold()) == code for one in words)
    return code in CODES and all(map(is_heading, words))
