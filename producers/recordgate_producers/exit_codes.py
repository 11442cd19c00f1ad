"""What a producer command's exit status says."""

OK = 0
"""Everything given was published."""

REFUSED = 1
"""Some of what was given was refused, one line each; the rest was published."""

USAGE = 2
"""An option or path is wrong; nothing was published."""

UNREACHABLE = 4
"""Kafka is not reachable or did not acknowledge; repeat the command, publishing twice changes nothing."""
