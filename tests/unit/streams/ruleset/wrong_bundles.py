"""Ways to spoil a bundle, and what is reported about each."""

from typing import NamedTuple

RULES, LABELS, REASONS, HINTS = "ruleset.toml", "labels.toml", "reasons.toml", "hints.toml"
CHILD = "code_sets/child_safeguarding.toml"
ADULTS = "code_sets/vulnerable_adults.toml"


class Wrong(NamedTuple):
    """`old` in the file becomes `new`; `message` is then reported for a line that holds `line`."""

    what: str
    file: str
    old: str
    new: str
    line: str
    message: str


WRONG = [
    Wrong(
        "a misspelt switch",
        RULES,
        "on_104 =",
        "on_140 =",
        "on_140 =",
        "switches.on_140: unknown key; did you mean on_104?",
    ),
    Wrong(
        "a wrong choice",
        RULES,
        '"hold_new"',
        '"hold_old"',
        "on_104 =",
        "did you mean hold_new?; valid choices: hold_new, suspend_view",
    ),
    Wrong(
        "a switch that is no boolean",
        RULES,
        "text_hints = false",
        'text_hints = "no"',
        "text_hints =",
        "switches.text_hints: ",
    ),
    Wrong(
        "a number out of bounds",
        RULES,
        "opinion_months = 6",
        "opinion_months = 7",
        "opinion_months =",
        "numbers.opinion_months: ",
    ),
    Wrong(
        "a number that is text",
        RULES,
        "result_tolerance_days = 90",
        'result_tolerance_days = "90"',
        "result_tolerance_days =",
        "numbers.result_tolerance_days: ",
    ),
    Wrong(
        "no day",
        RULES,
        "default = 2023-10-31",
        "default = 20231031",
        "default =",
        "go_live.default: expected a day",
    ),
    Wrong(
        "a day with a time",
        RULES,
        "default = 2023-10-31",
        "default = 2023-10-31T00:00:00Z",
        "default =",
        "go_live.default: expected a day",
    ),
    Wrong(
        "a day that does not exist",
        RULES,
        "default = 2023-10-31",
        'default = "2023-02-30"',
        "default =",
        "go_live.default: ",
    ),
    Wrong(
        "a practice that is none",
        RULES,
        "# [practices.A82038]",
        "[practices.a82038]\ngo_live = 2023-10-31\n#",
        "[practices.a82038]",
        "practices.a82038: no ODS code",
    ),
    Wrong(
        "an area that is none",
        RULES,
        "# [practices.A82038]",
        '[practices.A82038]\ngo_live = 2023-10-31\nareas_off = ["document", "letters"]\n#',
        "areas_off =",
        "practices.A82038.areas_off[1]: not one of the choices",
    ),
    Wrong(
        "a share above one",
        RULES,
        "most_appear = 0.01",
        "most_appear = 1.01",
        "most_appear =",
        "activation.most_appear: ",
    ),
    Wrong(
        "a label NOPAT",
        LABELS,
        "[labels.U]",
        "[labels.NOPAT]",
        "[labels.NOPAT]",
        "labels.NOPAT: NOPAT always hides",
    ),
    Wrong(
        "a label with an unknown reason",
        LABELS,
        'reason = "CONF"',
        'reason = "CONFI"',
        'reason = "CONFI"',
        "labels.U.reason: not one of the choices; did you mean CONF?",
    ),
    Wrong(
        "a label that asks nothing",
        LABELS,
        'proxy = "release"\n',
        "",
        "[labels.U]",
        "labels.U.proxy: is missing",
    ),
    Wrong(
        "a label without source",
        LABELS,
        'source = "H1; row 60 [S]"',
        'source = ""',
        'source = ""',
        "labels.V.source: is empty",
    ),
    Wrong("a label told twice", LABELS, "[labels.L]", "[labels.U]", "[labels.U]", "no TOML: "),
    Wrong(
        "a member with a wrong check digit",
        CHILD,
        "878111000000109",
        "878111000000108",
        "878111000000108",
        "members[2]: no SNOMED CT concept id",
    ),
    Wrong(
        "a member that is a description",
        ADULTS,
        "417430008",
        "417430015",
        "417430015",
        "members[0]: no SNOMED CT concept id",
    ),
    Wrong(
        "a member told twice",
        CHILD,
        "1064961000000107",
        "836881000000105",
        "836881000000105",
        "members[1]: is in the list already",
    ),
    Wrong(
        "a set id told twice",
        CHILD,
        'id = "child-safeguarding"',
        'id = "adoption"',
        "id =",
        "id: is the id of another set",
    ),
    Wrong(
        "an unknown signal",
        CHILD,
        'signal = "child_',
        'signal = "children_',
        "signal =",
        "signal: not one of the choices; did you mean child_safeguarding?; valid choices: (empty), ",
    ),
    Wrong(
        "a set without licence",
        CHILD,
        'licence = "Identifiers only, as published by the sources named; descriptions are ours."',
        'licence = ""',
        "licence =",
        "licence: is empty",
    ),
    Wrong(
        "a missing reason",
        REASONS,
        "[reasons.COURT]",
        "[reasons.COURTS]",
        "[reasons.COURTS]",
        "reasons.COURTS: not one of the choices; did you mean COURT?",
    ),
    Wrong(
        "a reason without remedy",
        REASONS,
        'remedy = "None."',
        'remedy = ""',
        'remedy = ""',
        "reasons.RESOURCE_EXCLUDED.remedy: ",
    ),
    Wrong(
        "an unknown queue",
        REASONS,
        'queue = "system"',
        'queue = "systems"',
        'queue = "systems"',
        "reasons.IDENTITY.queue: not one of the choices; did you mean system?",
    ),
    Wrong(
        "a phrase told twice",
        HINTS,
        'phrase = "do not tell patient"',
        'phrase = "Do not tell the patient"',
        'phrase = "Do not',
        "hints[1].phrase: is in the list already",
    ),
    Wrong(
        "a phrase without a word",
        HINTS,
        'phrase = "marac"',
        'phrase = "- -"',
        'phrase = "- -"',
        "phrase: a phrase needs a word",
    ),
    Wrong(
        "text that is no TOML",
        HINTS,
        'phrase = "marac"',
        "phrase = marac",
        "phrase = marac",
        "no TOML: ",
    ),
]
