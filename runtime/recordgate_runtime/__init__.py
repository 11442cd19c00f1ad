"""What every Recordgate process needs and no rule needs: settings, logs, metrics, Kafka, PostgreSQL, positions."""
