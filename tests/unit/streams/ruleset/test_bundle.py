"""A ruleset as data: what comes back, what is filled in, what is refused; and what its hash depends on."""

import json
from pathlib import Path
from typing import Any

import pytest

from recordgate_schemas.errors import UsageError
from recordgate_schemas.reasons import Reason
from recordgate_streams import ruleset
from recordgate_streams.policy.settings import Ask, Signal
from recordgate_streams.ruleset import BadRuleset
from recordgate_streams.ruleset.digest import engine_hash
from recordgate_streams.ruleset.document import from_document, open_ruleset, pack
from tests.unit.streams.ruleset.bundles import changed

SHIPPED = ruleset.current()


def plain(data: Any) -> Any:
    """What a document is after a journey as JSON."""
    return json.loads(json.dumps(data))


def content() -> dict[str, Any]:
    return {
        key: value for key, value in plain(SHIPPED.data).items() if key not in ("hash", "engine")
    }


def test_a_ruleset_comes_back_from_its_data() -> None:
    assert ruleset.from_data(plain(SHIPPED.data)) == SHIPPED


def test_hashes_are_full_sha_256() -> None:
    assert len(SHIPPED.hash) == len(SHIPPED.engine) == 64
    assert int(SHIPPED.hash, 16) != int(SHIPPED.engine, 16)


def test_a_part_that_is_missing_is_the_shipped_one() -> None:
    found = ruleset.from_data({"switches": {"on_104": "suspend_view"}})
    assert found.settings.switches.on_104_suspend_view
    assert found.settings.codes == SHIPPED.settings.codes
    assert found.hash != SHIPPED.hash


def test_a_reason_given_in_part_keeps_its_other_texts() -> None:
    found = ruleset.from_data({"reasons": {"CONF": {"queue": "clinician"}}})
    assert Reason.CONF in found.settings.clinician_reasons
    assert found.reasons[Reason.CONF].reviewer == SHIPPED.reasons[Reason.CONF].reviewer
    assert found.reasons[Reason.COURT] == SHIPPED.reasons[Reason.COURT]


CHOICES = [
    ("on_104", "hold_new", "suspend_view", "on_104_suspend_view"),
    ("backdated", "release", "hold", "backdated_hold"),
    ("re_opt_in", "resume", "restart", "re_opt_in_restart"),
    ("on_level_lowered", "new_only", "retract", "level_lowered_retract"),
    ("partial_reports", "release_filed", "defer_whole", "defer_partial_reports"),
    ("not_ready", "defer", "hold", "not_ready_hold"),
    ("needs_account", False, True, "needs_account"),
    ("child_safeguarding_suspends_proxies", False, True, "child_safeguarding_suspends_proxies"),
    ("on_proxy_review_age", "release", "hold", "proxy_review_age_hold"),
    ("text_hints", False, True, "text_hints"),
]


@pytest.mark.parametrize(("switch", "off", "on", "setting"), CHOICES)
def test_a_switch_reaches_the_policy(switch: str, off: object, on: object, setting: str) -> None:
    values = [
        getattr(ruleset.from_data({"switches": {switch: choice}}).settings.switches, setting)
        for choice in (off, on)
    ]
    assert values == [False, True]


@pytest.mark.parametrize("choice", Ask)
def test_the_treatment_of_access_codes_reaches_the_policy(choice: Ask) -> None:
    found = ruleset.from_data({"switches": {"access_code_entries": choice.value}})
    assert found.settings.switches.access_code_entries is choice


def adults(name: str, of_self: str, of_proxies: str, signal: str) -> dict[str, Any]:
    asked = {"self": of_self, "proxy": of_proxies, "reason": "COURT", "signal": signal}
    return {"id": name, "members": ["417430008"], **asked}


def test_a_code_in_two_sets_has_both_treatments_and_signals() -> None:
    sets = [
        adults("z-one", "hold", "hold", "parental"),
        adults("a-two", "release", "withhold", "declined"),
        adults("nothing", "release", "release", ""),
    ]
    found = ruleset.from_data({"code_sets": sets}).settings
    assert [t.source for t in found.codes["417430008"]] == ["a-two", "z-one"]
    assert {Signal.PARENTAL, Signal.DECLINED} == found.signals["417430008"]


def test_everything_wrong_with_a_document_is_reported_at_once() -> None:
    wrong = content() | {"switches": {"on_140": 1}, "labels": {"NOPAT": content()["labels"]["U"]}}
    with pytest.raises(BadRuleset) as caught:
        ruleset.from_data(wrong)
    reported = str(caught.value).splitlines()
    assert reported[0].startswith("switches.on_140: unknown key; did you mean on_104?")
    assert reported[1].startswith("labels.NOPAT: NOPAT always hides")


def test_a_document_at_odds_with_itself_is_refused() -> None:
    wrong = content()
    wrong["code_sets"][1]["id"] = wrong["code_sets"][0]["id"]
    with pytest.raises(BadRuleset, match=r"code_sets\[1\]\.id: is the id of another set"):
        ruleset.from_data(wrong)


def test_a_document_changed_after_it_was_hashed_is_refused() -> None:
    wrong = plain(SHIPPED.data)
    wrong["switches"]["backdated"] = "release"
    with pytest.raises(UsageError, match="its hash is not that of its content"):
        from_document(wrong)


def test_data_made_by_a_program_keeps_the_hash_it_names() -> None:
    assert ruleset.from_data({"hash": "rules-1"}).hash == "rules-1"


def test_a_document_of_another_engine_keeps_that_engine() -> None:
    other = ruleset.from_data(content() | {"engine": "ab" * 32})
    assert other.engine == "ab" * 32 != engine_hash()
    assert other.hash != SHIPPED.hash


def child_codes(data: Any) -> list[str]:
    (members,) = (o["members"] for o in data["code_sets"] if o["id"] == "child-safeguarding")
    return members  # type: ignore[no-any-return]


SAME = {
    "the order of members": lambda d: child_codes(d).reverse(),
    "the order of sets": lambda d: d["code_sets"].reverse(),
    "the order of hints": lambda d: d["hints"].reverse(),
    "the order of labels": lambda d: d.update(labels=dict(reversed(d["labels"].items()))),
    "the order of roles": lambda d: d["clinician_roles"].reverse(),
}
OTHER = {
    "a member": lambda d: child_codes(d).pop(),
    "a switch": lambda d: d["switches"].update(needs_account=True),
    "a sentence": lambda d: d["patient"].update(notice="Another."),
    "a limit of activation": lambda d: d["activation"].update(most_appear=0.02),
    "the version": lambda d: d.update(version="2"),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_means_the_same_has_the_same_hash(change: Any) -> None:
    data = content()
    change(data)
    assert ruleset.from_data(data) == SHIPPED


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_what_means_something_else_has_another_hash(change: Any) -> None:
    data = content()
    change(data)
    assert ruleset.from_data(data).hash != SHIPPED.hash


def test_a_comment_changes_no_hash(tmp_path: Path) -> None:
    bundle = changed(tmp_path, "ruleset.toml", "# Code 104", "# About code 104")
    assert ruleset.load(bundle).hash == SHIPPED.hash


def test_a_packed_ruleset_is_named_for_its_hash_and_opens_again(tmp_path: Path) -> None:
    file = pack(SHIPPED, tmp_path)
    assert file.name == f"{SHIPPED.name}-{SHIPPED.version}-{SHIPPED.hash[:12]}.json"
    assert open_ruleset(file) == SHIPPED == open_ruleset(ruleset.SHIPPED)


def test_a_packed_ruleset_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    first = pack(SHIPPED, tmp_path).read_bytes()
    assert first == pack(ruleset.from_data(plain(SHIPPED.data)), tmp_path).read_bytes()


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, "\xff"])
def test_a_file_that_is_no_packed_ruleset_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text, "latin-1")
    with pytest.raises(UsageError, match="no "):
        open_ruleset(file)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"rules\.json: cannot be read"):
        open_ruleset(tmp_path / "rules.json")
