"""All code that reads FHIR bytes: NOPAT scan, redaction, text hints, hash and depth checks."""
