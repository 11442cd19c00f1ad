"""The sample records: what each one holds. `README.md` beside the files says what a run with them shows."""

from tests.support.samples.resources import (
    Json,
    bundle,
    concept,
    consultation,
    extension,
    labelled,
    observation,
    quantity,
    ref,
    resource,
    section,
)

EXTRACTED = "2026-09-01T06:00:00+01:00"
LATER = "2026-09-08T06:00:00+01:00"


def consultations() -> Json:
    """Rowan Ashby: consultations open, hidden and unsaved, with everything they hold."""
    at, hidden, draft = (
        "2026-03-02T09:20:00+00:00",
        "2026-04-14T16:05:00+01:00",
        "2026-08-31T17:40:00+01:00",
    )
    seen = consultation(
        "seen", at, "Surgery consultation", "Observation/asthma", "Observation/peak-flow",
        "Condition/asthma-problem", "MedicationRequest/inhaler", "AllergyIntolerance/penicillin",
    )  # fmt: skip
    private = consultation(
        "private", hidden, "Surgery consultation", "Observation/disclosure", "Observation/plan"
    )
    unsaved = consultation(
        "unsaved", draft, "Telephone call", "Observation/unsaved-note", status="in-progress"
    )
    return bundle(
        EXTRACTED, "9990000050", "1984-06-11", ("Rowan", "Ashby"),
        *seen,
        observation("asthma", at, ("195967001", "Asthma"), context=ref("Encounter", "seen"),
                    comment="Wheeze at night for two weeks; inhaler technique shown."),
        observation("peak-flow", at, ("18491006", "Peak expiratory flow measurement"),
                    context=ref("Encounter", "seen"), valueQuantity=quantity(410, "L/min")),
        _asthma_problem(at),
        *_inhaler(at),
        resource("AllergyIntolerance", "penicillin", clinicalStatus="active",
                 verificationStatus="confirmed", code=concept("91936005", "Allergy to penicillin"),
                 assertedDate=at, onsetDateTime="2011-07", recorder=ref("Practitioner", "gp")),
        labelled(private[0]), private[1],
        observation("disclosure", hidden, ("37331000000100", "Comment note"),
                    context=ref("Encounter", "private"), comment="Asked that this stays off the app."),
        observation("plan", hidden, ("37331000000100", "Comment note"),
                    context=ref("Encounter", "private"), comment="Will come back in a fortnight."),
        *unsaved,
        observation("unsaved-note", draft, ("37331000000100", "Comment note"),
                    context=ref("Encounter", "unsaved"), comment="Typing in progress"),
        observation("backdated", "2026-05-06T10:00:00+01:00", ("125605004", "Fracture of bone"),
                    effectiveDateTime="1998-02-20", comment="Copied from a paper record."),
        observation("before-go-live", "2022-11-08T11:15:00+00:00", ("27113001", "Body weight"),
                    valueQuantity=quantity(71.5, "kg")),
        section("Problems", "Condition/asthma-problem", warning="confidential-items"),
    )  # fmt: skip


def results(*, later: bool = False) -> Json:
    """Tomasz Brandt: reports, groups and blood pressures; `later`: a week on, the last result is filed."""
    filed, open_, hidden = (
        "2026-05-11T08:30:00+01:00",
        "2026-08-28T15:10:00+01:00",
        "2026-06-18T09:00:00+01:00",
    )
    pressure = "2026-05-05T14:00:00+01:00"
    return bundle(
        LATER if later else EXTRACTED, "9990000069", "1957-01-23", ("Tomasz", "Brandt"),
        _report("blood-count", filed, "Full blood count", "haemoglobin", "white-cells"),
        _result("haemoglobin", filed, ("1022431000000105", "Haemoglobin estimation"), 138, "g/L"),
        _result("white-cells", filed, ("1022541000000102", "Total white cell count"),
                11.9 if later else 12.4, "10*9/L", abnormal=True),
        _report("kidney", open_, "Urea and electrolytes", "sodium", "potassium", "creatinine"),
        _result("sodium", open_, ("1000661000000107", "Serum sodium level"), 139, "mmol/L"),
        _result("potassium", open_, ("1000651000000109", "Serum potassium level"), 4.6, "mmol/L"),
        _result("creatinine", open_, ("1000731000000107", "Serum creatinine level"), 96, "umol/L",
                status="final" if later else "preliminary"),
        labelled(resource("ProcedureRequest", "screen", status="active", intent="order",
                          code=concept("20135006", "Screening procedure"), authoredOn=hidden)),
        {**_report("screening", hidden, "Screening report", "screen-result"),
         "basedOn": [ref("ProcedureRequest", "screen")]},
        _result("screen-result", hidden, ("260385009", "Negative"), 0, "1"),
        *_pressure("bp-open", pressure, 132, 81),
        *_pressure("bp-hidden", "2026-07-20T10:30:00+01:00", 171, 104, hide=True),
        *([] if later else [observation("withdrawn", pressure, ("27113001", "Body weight"),
                                        valueQuantity=quantity(810, "kg"))]),
        *([observation("corrected-weight", "2026-09-03T10:00:00+01:00", ("27113001", "Body weight"),
                       valueQuantity=quantity(81, "kg"))] if later else []),
    )  # fmt: skip


def letters_and_labels() -> Json:
    """Imani Okoro: documents, referral, diary, labels known and unknown, entries in error, a type nobody knows."""
    at = "2026-06-09T12:00:00+01:00"
    return bundle(
        EXTRACTED, "9990000077", "1990-10-02", ("Imani", "Okoro"),
        _letter("clinic-letter", at, "Letter from the eye clinic"),
        _letter("unread-letter", "2026-08-30T08:00:00+01:00", "Letter not looked at yet",
                docStatus="preliminary"),
        resource("ReferralRequest", "physio", status="active", intent="order", authoredOn=at,
                 reasonCode=[concept("308447003", "Referral to physiotherapist")],
                 requester={"agent": ref("Practitioner", "gp")}, description="Knee pain for six weeks"),
        resource("ProcedureRequest", "recall", status="active", intent="plan", authoredOn=at,
                 occurrenceDateTime="2027-06-09", code=concept("86198006", "Influenza vaccination")),
        labelled(observation("odd-label", at, ("386661006", "Fever")), "NEW-SUPPLIER-CODE",
                 "https://supplier.example/labels"),
        labelled(observation("restricted", at, ("13645005", "Chronic obstructive lung disease")), "R",
                 "http://hl7.org/fhir/v3/Confidentiality"),
        observation("wrong-entry", at, ("44054006", "Diabetes mellitus type 2"),
                    status="entered-in-error"),
        resource("Condition", "wrong-problem", clinicalStatus="active",
                 verificationStatus="entered-in-error", assertedDate=at,
                 code=concept("38341003", "Hypertension")),
        resource("Immunization", "flu", status="completed", notGiven=False, date="2026-01-12",
                 vaccineCode=concept("46233009", "Influenza vaccine"), primarySource=True,
                 location=None, practitioner=[{"actor": ref("Practitioner", "nurse")}]),
        resource("NutritionOrder", "diet", status="active", dateTime=at),
        resource("Task", "call-back", status="requested", intent="order", authoredOn=at,
                 description="Staff task: ring the patient about the letter"),
    )  # fmt: skip


def teenager() -> Json:
    """Lena Fairweather, 14: nothing is shown to her unless the practice grants access."""
    at = "2026-02-17T15:30:00+00:00"
    return bundle(
        EXTRACTED, "9990000085", "2012-05-14", ("Lena", "Fairweather"),
        *consultation("visit", at, "Surgery consultation", "Observation/sore-throat"),
        observation("sore-throat", at, ("162397003", "Pain in throat"),
                    context=ref("Encounter", "visit"), comment="Three days, no fever."),
        resource("Immunization", "hpv", status="completed", notGiven=False, date="2026-03-10",
                 vaccineCode=concept("428570002", "HPV vaccine"), primarySource=True),
    )  # fmt: skip


def access_review() -> Json:
    """George Pell: a 104 code asks for a review before access; what came before it and after it."""
    before, coded, after = (
        "2026-04-01T09:00:00+01:00",
        "2026-06-01T09:00:00+01:00",
        "2026-07-07T09:00:00+01:00",
    )
    review = ("1364731000000104", "Enhanced review indicated before granting access")
    return bundle(
        EXTRACTED, "9990000093", "1949-12-30", ("George", "Pell"),
        observation("before", before, ("271649006", "Systolic blood pressure"),
                    valueQuantity=quantity(128, "mm[Hg]")),
        observation("code-104", coded, review),
        observation("after", after, ("271649006", "Systolic blood pressure"),
                    valueQuantity=quantity(134, "mm[Hg]")),
    )  # fmt: skip


def _asthma_problem(at: str) -> Json:
    return resource(
        "Condition",
        "asthma-problem",
        extension=[extension("ActualProblem", ref("Observation", "asthma"))],
        clinicalStatus="active",
        code=concept("195967001", "Asthma"),
        context=ref("Encounter", "seen"),
        onsetDateTime="2026-02",
        assertedDate=at,
        asserter=ref("Practitioner", "gp"),
    )


def _inhaler(at: str) -> tuple[Json, ...]:
    drug = ref("Medication", "salbutamol")
    line = [{"text": "Two puffs when needed", "patientInstruction": "Shake before use"}]
    return (
        {
            "resourceType": "Medication",
            "id": "salbutamol",
            "code": concept("39113611000001102", "Salbutamol 100micrograms/dose inhaler"),
        },
        resource("MedicationRequest", "inhaler", status="active", intent="plan", authoredOn=at,
                 medicationReference=drug, dosageInstruction=line, context=ref("Encounter", "seen"),
                 requester={"agent": ref("Practitioner", "gp")}),
        resource("MedicationRequest", "inhaler-issue", status="completed", intent="order",
                 authoredOn=at, medicationReference=drug, dosageInstruction=line,
                 basedOn=[ref("MedicationRequest", "inhaler")]),
        resource("MedicationStatement", "inhaler-statement", status="active", taken="unk",
                 dateAsserted=at, effectivePeriod={"start": "2026-03-02"}, dosage=line,
                 medicationReference=drug, basedOn=[ref("MedicationRequest", "inhaler")]),
    )  # fmt: skip


def _report(name: str, at: str, title: str, *members: str) -> Json:
    return resource(
        "DiagnosticReport",
        name,
        status="final",
        code={"text": title, **concept("721981007", "Diagnostic studies report")},
        issued=at,
        result=[ref("Observation", member) for member in members],
        conclusion=f"{title}: see the results.",
    )


def _result(
    name: str,
    at: str,
    code: tuple[str, str],
    value: float,
    unit: str,
    *,
    status: str = "final",
    abnormal: bool = False,
) -> Json:
    high = {"coding": [{"system": "http://hl7.org/fhir/v2/0078", "code": "H"}]}
    return observation(
        name,
        at,
        code,
        status=status,
        valueQuantity=quantity(value, unit),
        interpretation=high if abnormal else None,
        category=[
            {
                "coding": [
                    {"system": "http://hl7.org/fhir/observation-category", "code": "laboratory"}
                ]
            }
        ],
    )


def _pressure(
    name: str, at: str, upper: int, lower: int, *, hide: bool = False
) -> tuple[Json, ...]:
    systolic = observation(f"{name}-upper", at, ("271649006", "Systolic blood pressure"),
                           valueQuantity=quantity(upper, "mm[Hg]"))  # fmt: skip
    diastolic = observation(f"{name}-lower", at, ("271650006", "Diastolic blood pressure"),
                            valueQuantity=quantity(lower, "mm[Hg]"))  # fmt: skip
    related = [
        {"type": "has-member", "target": ref("Observation", f"{name}-{part}")}
        for part in ("upper", "lower")
    ]
    head = observation(name, at, ("75367002", "Blood pressure"), related=related)
    return head, labelled(systolic) if hide else systolic, diastolic


def _letter(name: str, at: str, title: str, **fields: str) -> Json:
    attachment = {"contentType": "text/plain", "title": title, "data": "SW52ZW50ZWQgbGV0dGVyLg=="}
    return resource(
        "DocumentReference",
        name,
        status="current",
        type={"text": title},
        created=at,
        indexed=at,
        author=[ref("Practitioner", "gp")],
        description=title,
        content=[{"attachment": attachment}],
        **fields,
    )
