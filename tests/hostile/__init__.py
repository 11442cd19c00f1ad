"""Valid, hostile and mutated records for every topic, and what may be shown of them at most.

histories.py   patients with valid records: simulated ones, and random histories
mutations.py   what may be wrong with a record
traffic.py     sends records, reads topics back
answer.py      what the auditor's model allows, going by what lies in the topics
"""
