"""Producers: FHIR records and controls onto Kafka. Ways in: `fhir.extract`, `Publisher`, `run`, `simulate`, `cli`."""
