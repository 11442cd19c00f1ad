"""Turns a ruleset document into the policy's settings: strings become values that a rule can compare."""

from collections import defaultdict
from collections.abc import Iterable
from types import MappingProxyType

from recordgate_schemas.values import OdsCode
from recordgate_streams.policy.settings import (
    Ask,
    Numbers,
    PolicySettings,
    Practice,
    Signal,
    Switches,
    Treatment,
)
from recordgate_streams.ruleset.model import Asked, CodeSet, Document, SwitchTable


def compiled(document: Document) -> PolicySettings:
    """Return the settings that the document means."""
    return PolicySettings(
        switches=_switches(document.switches),
        numbers=Numbers(**document.numbers.model_dump()),
        everywhere=Practice(document.go_live),
        practices=MappingProxyType(
            {
                OdsCode(code): Practice(table.go_live, frozenset(table.areas_off))
                for code, table in document.practices.items()
            }
        ),
        labels=MappingProxyType(
            {code: _treatment(code, label) for code, label in document.labels.items()}
        ),
        codes=MappingProxyType(_codes(document.code_sets)),
        signals=MappingProxyType(_signals(document.code_sets)),
        clinician_reasons=frozenset(
            reason for reason, text in document.reasons.items() if text.queue == "clinician"
        ),
        clinician_roles=frozenset(document.clinician_roles),
        hint_phrases=tuple(hint.phrase for hint in document.hints),
    )


def _switches(table: SwitchTable) -> Switches:
    return Switches(
        on_104_suspend_view=table.on_104 == "suspend_view",
        backdated_hold=table.backdated == "hold",
        re_opt_in_restart=table.re_opt_in == "restart",
        access_code_entries=Ask(table.access_code_entries),
        level_lowered_retract=table.on_level_lowered == "retract",
        defer_partial_reports=table.partial_reports == "defer_whole",
        not_ready_hold=table.not_ready == "hold",
        needs_account=table.needs_account,
        child_safeguarding_suspends_proxies=table.child_safeguarding_suspends_proxies,
        proxy_review_age_hold=table.on_proxy_review_age == "hold",
        text_hints=table.text_hints,
    )


def _treatment(name: str, asked: Asked) -> Treatment:
    return Treatment(name, asked.reason, asked.of_self, asked.of_proxies)


def _codes(sets: Iterable[CodeSet]) -> dict[str, tuple[Treatment, ...]]:
    """By code, what its sets ask; sets that ask nothing of anybody are left out."""
    codes: defaultdict[str, tuple[Treatment, ...]] = defaultdict(tuple)
    for code_set in sets:
        if {code_set.of_self, code_set.of_proxies} != {Ask.RELEASE}:
            for code in code_set.members:
                codes[code] += (_treatment(code_set.id, code_set),)
    return dict(codes)


def _signals(sets: Iterable[CodeSet]) -> dict[str, frozenset[Signal]]:
    signals: defaultdict[str, frozenset[Signal]] = defaultdict(frozenset)
    for code_set in sets:
        if code_set.signal:
            for code in code_set.members:
                signals[code] |= {Signal(code_set.signal)}
    return dict(signals)
