"""What an element of FHIR is to the mapping."""

from enum import StrEnum


class Role(StrEnum):
    """What an element is to somebody who must neither show too much nor lose a meaning."""

    ATTACHMENT = "attachment"
    BY_TYPE = "by type"
    CODING = "coding"
    FLAG = "flag"
    FREE_TEXT = "free text"
    IDENTIFIER = "identifier"
    LABEL = "label"
    MODIFIER = "modifier"
    NARRATIVE = "narrative"
    NUMBER = "number"
    PERSON = "person"
    REFERENCE = "reference"
    STATUS = "status"
    STRUCTURE = "structure"
    TECHNICAL = "technical"
    TIME = "time"
    WORDING = "wording"
