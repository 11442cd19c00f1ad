"""Sample records that come with the project: invented people in GP Connect's shape, one file each."""

from pathlib import Path

RECORDS = Path(__file__).parent / "records"
"""Folder of five complete records and the control that goes with the fifth."""

AMENDMENT = Path(__file__).parent / "amendment"
"""Folder with a later extract of the second record."""
