"""Recordgate deploy."""
