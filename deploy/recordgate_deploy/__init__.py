"""Putting Recordgate together on one machine: the command line, the processes, the demo."""
