"""The commands `recordgate rules ...` that need no ledger, and what they print."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recordgate_runtime.signing_keys import public_key
from recordgate_schemas.errors import UsageError
from recordgate_streams import ruleset
from recordgate_streams.cli.rules import app
from recordgate_streams.rollout import jws
from recordgate_streams.rollout.approvals import verify_approval
from tests.support.sources import ROOT
from tests.unit.streams.ruleset.bundles import changed, copied

SHIPPED = ruleset.current()
RF2 = ROOT / "tests/data/rf2/der2_Refset_SyntheticSnapshot_XX9999999_20251101.txt"


def run(*words: object) -> list[str]:
    """Return the lines a command prints; raise what it raises."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_check_says_name_version_hash_and_counts() -> None:
    head, *empty = run("check")
    assert head == (
        f"{SHIPPED.name} {SHIPPED.version} {SHIPPED.hash[:12]}: 11 switches, 16 sets, 37 labels"
    )
    assert len(empty) == 11
    assert all(line.startswith("empty: ") for line in empty)


def test_check_fails_with_a_line_for_each_problem(tmp_path: Path) -> None:
    bundle = changed(tmp_path, "ruleset.toml", "on_104 =", "on_140 =")
    with pytest.raises(UsageError, match=r"^ruleset\.toml:\d+: switches\.on_140: unknown key"):
        run("check", bundle)


def test_new_copies_the_shipped_ruleset_and_overwrites_nothing(tmp_path: Path) -> None:
    run("new", tmp_path / "ours")
    assert ruleset.load(tmp_path / "ours") == SHIPPED
    with pytest.raises(UsageError, match="ours: cannot be made"):
        run("new", tmp_path / "ours")


def test_diff_of_a_ruleset_with_itself_is_nothing() -> None:
    assert run("diff", ruleset.SHIPPED, ruleset.SHIPPED)[1:] == ["no difference"]


def test_diff_shows_every_kind_of_change(tmp_path: Path) -> None:
    bundle = changed(tmp_path, "ruleset.toml", '"hold_new"', '"suspend_view"')
    edits = {
        "ruleset.toml": [
            ("abnormal_delay_days = 0", "abnormal_delay_days = 3"),
            ("# [practices.A82038]", "[practices.A82038]\ngo_live = 2022-11-01\n#"),
            ('"clinician", "gp"', '"clinician"'),
        ],
        "labels.toml": [("[labels.VIO]", "[labels.VIOX]")],
        "hints.toml": [('phrase = "marac"', 'phrase = "maracs"')],
        "code_sets/child_safeguarding.toml": [
            ('  "836881000000105",', '  "417430008",'),
            ('signal = "child_safeguarding"', 'signal = ""'),
        ],
        "code_sets/adoption.toml": [('id = "adoption"', 'id = "adopted"')],
    }
    for file, changes in edits.items():
        text = (bundle / file).read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (bundle / file).write_text(text, "utf-8")
    output = run("diff", ruleset.SHIPPED, bundle)[1:]
    assert [line.partition(": ")[0] for line in output] == [
        "switches.on_104",
        "numbers.abnormal_delay_days",
        "practices.A82038",
        "clinician_roles",
        "labels.VIO",
        "labels.VIOX",
        "code_sets.adoption",
        "code_sets.child-safeguarding.signal",
        "code_sets.child-safeguarding.members",
        "code_sets.child-safeguarding.members",
        "code_sets.adopted",
        "hints.marac",
        "hints.maracs",
    ]
    assert "switches.on_104: hold_new -> suspend_view" in output
    assert "practices.A82038: added, go_live 2022-11-01, areas_off []" in output
    assert "clinician_roles: 1 removed: gp" in output
    assert "code_sets.child-safeguarding.members: 1 added: 417430008" in output
    assert "code_sets.child-safeguarding.members: 1 removed: 836881000000105" in output


def test_diff_names_the_first_of_many_members(tmp_path: Path) -> None:
    bundle = copied(tmp_path)
    file = bundle / "code_sets/domestic_abuse.toml"
    codes = sorted(c for one in SHIPPED.data["code_sets"] for c in one["members"])[:7]
    file.write_text(file.read_text("utf-8").replace("[]", json.dumps(codes)), "utf-8")
    (line,) = run("diff", ruleset.SHIPPED, bundle)[1:]
    assert line == f"code_sets.domestic-abuse.members: 7 added: {', '.join(codes[:5])}, ..."


def test_diff_takes_a_packed_ruleset(tmp_path: Path) -> None:
    (packed,) = run("pack", "--out", tmp_path)
    bundle = changed(tmp_path, "ruleset.toml", '"hold_new"', '"suspend_view"')
    assert run("diff", packed, bundle)[1:] == ["switches.on_104: hold_new -> suspend_view"]


EXPLAINED = {
    "SAFEGUARDING": ["queue: clinician; task: urgent", "labels: SDV, VIO", "K10, K11"],
    "on_104": ["switch on_104: hold_new", "choices: hold_new, suspend_view", "Row 32"],
    "text_hints": ["switch text_hints: false", "choices: false, true"],
    "opinion_months": ["number opinion_months: 6", "Row 95"],
    "VIO": ["patient: hold; proxies: withhold; reason: SAFEGUARDING"],
    "375041000000100": ["is a member of child-safeguarding", "signal: child_safeguarding"],
    "adoption": ["0 members", "reason: IDENTITY_CHANGE"],
}


@pytest.mark.parametrize(("word", "output"), EXPLAINED.items())
def test_explain_says_what_a_word_means_and_does(word: str, output: list[str]) -> None:
    text = "\n".join(run("explain", word))
    assert [part for part in output if part not in text] == []


def test_explain_knows_the_values_of_another_ruleset(tmp_path: Path) -> None:
    bundle = changed(tmp_path, "ruleset.toml", '"hold_new"', '"suspend_view"')
    assert run("explain", "on_104", "--bundle", bundle)[0] == "switch on_104: suspend_view"


def test_explain_offers_the_nearest_word() -> None:
    with pytest.raises(UsageError, match=r"SAFEGARDING: no reason.*did you mean SAFEGUARDING"):
        run("explain", "SAFEGARDING")


def test_load_refset_fills_a_set(tmp_path: Path) -> None:
    bundle = changed(
        tmp_path,
        "code_sets/exclusion_sti.toml",
        'member_source = "999004381000000103"',
        'member_source = "999019999999101"',
    )
    file = bundle / "code_sets/exclusion_sti.toml"
    output = run("load-refset", "--refset", "999019999999101", "--set", file, RF2)
    assert output == ["exclusion-sti: 3 members, 0 before; version 20251001"]
    assert "3 added" in run("diff", ruleset.SHIPPED, bundle)[-1]


REHEARSAL = "d7" * 32


def signed(folder: Path, bundle: Path, rehearsal: str = REHEARSAL) -> Path:
    counts = ["--accept-appear", 12, "--accept-disappear", 3]
    signer = ["--name", "amira", "--key", folder / "amira.pem", "--out", folder]
    (file,) = run("sign", bundle, "--rehearsal", rehearsal, *counts, *signer)
    return Path(file)


def test_sign_gives_an_approval_that_verifies(tmp_path: Path) -> None:
    (key,) = run("keygen", tmp_path / "amira.pem")
    file = signed(tmp_path, ruleset.SHIPPED)
    assert file.name == "approval-amira.jws"
    approval = verify_approval(jws.read(file), {"amira": public_key(key)})
    assert approval.claims.model_dump() == {
        "accept_appear": 12,
        "accept_disappear": 3,
        "engine": SHIPPED.engine,
        "rehearsal": REHEARSAL,
        "ruleset": SHIPPED.hash,
    }


@pytest.mark.parametrize("short", [REHEARSAL[:12], REHEARSAL[:63], REHEARSAL + "0", "x" * 64])
def test_only_the_whole_id_of_a_rehearsal_can_be_signed(tmp_path: Path, short: str) -> None:
    run("keygen", tmp_path / "amira.pem")
    with pytest.raises(UsageError, match="rehearsal: give all 64 digits"):
        signed(tmp_path, ruleset.SHIPPED, short)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    run("keygen", tmp_path / "amira.pem")
    signer = ["--name", "amira", "--key", tmp_path / "amira.pem", "--out", tmp_path / "none"]
    with pytest.raises(UsageError, match=r"approval-amira\.jws: cannot be written"):
        run("sign", ruleset.SHIPPED, "--rehearsal", REHEARSAL, *signer)


def test_a_ruleset_of_another_engine_is_not_signed(tmp_path: Path) -> None:
    run("keygen", tmp_path / "amira.pem")
    other = ruleset.from_data(
        {k: v for k, v in SHIPPED.data.items() if k != "hash"} | {"engine": "0" * 64}
    )
    file = tmp_path / "other.json"
    file.write_text(json.dumps(other.data), "utf-8")
    with pytest.raises(UsageError, match="is for another version of the rules"):
        signed(tmp_path, file)
    assert list(tmp_path.glob("approval-*")) == []
