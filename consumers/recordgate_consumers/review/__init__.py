"""The review database: held entries in queues, a reviewer's outcome, and its way back to `controls`."""
