"""Random histories over few ids, days and instants: what the auditor compares the rules and its model over."""
