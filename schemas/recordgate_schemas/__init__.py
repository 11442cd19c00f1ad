"""What two Recordgate processes must agree on: values, messages, topics, their Avro form. Imports nothing of ours."""
