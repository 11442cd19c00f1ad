"""The two lanes of the decider: load, call the decision core, store and publish. They know no engine."""
