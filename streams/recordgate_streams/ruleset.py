"""Loads the ruleset: its data, and the hash that every decision carries."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from recordgate_schemas.errors import FatalError
from recordgate_schemas.values import parse_ods
from recordgate_streams.policy.rules import RULES
from recordgate_streams.policy.settings import PolicySettings


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Policy settings and the hash over them and over the rules' source text."""

    settings: PolicySettings
    hash: str


@cache
def current() -> Ruleset:
    """Return the ruleset shipped with this code; raise FatalError when its data does not parse."""
    data = tomllib.loads(_text("recordgate_streams", "ruleset.toml"))
    return Ruleset(_settings(data), _hash(data))


def _settings(data: Mapping[str, Any]) -> PolicySettings:
    try:
        return PolicySettings(
            go_live=_day(data["go_live"]),
            go_live_by_practice=tuple(
                (parse_ods(practice), _day(day))
                for practice, day in sorted(data["go_live_by_practice"].items())
            ),
            result_tolerance_days=int(data["result_tolerance_days"]),
            labels_open=frozenset(data["labels"]["open"]),
            labels_held=frozenset(data["labels"]["held"]),
            labels_not_for_proxies=frozenset(data["labels"]["not_for_proxies"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FatalError(f"ruleset.toml: {type(error).__name__} at {error}") from error


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError("expected a date")
    return value


def _hash(data: Mapping[str, Any]) -> str:
    sources = {
        rule.__name__: _text(rule.__module__.rpartition(".")[0], f"{rule.__name__}.py")
        for rule in RULES
    }
    text = json.dumps([data, sources], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(package: str, file: str) -> str:
    return (resources.files(package) / file).read_text("utf-8")
