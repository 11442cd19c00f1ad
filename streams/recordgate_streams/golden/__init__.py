"""The golden decision table: 99 rows that people can check, and the programs that check them.

The tables are TOML files beside this one, in the words of the schemas; `baseline.toml` says where every case starts.
"""
