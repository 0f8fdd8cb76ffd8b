"""Every type of the contract is there, says what it means, and takes nothing it should not."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from domain import events, schemas
from domain.events import BEGINNINGS, DERIVED, FACTS, KINDS, PERSONAL, STREAMS, TYPES, Data
from domain.events.base import written
from domain.glossary import FIELDS, meaning
from domain.messages import Alert, Receipt

# The contract's own lines, `*` for optional fields: one line a type.
FACT_LINES = """
complaint.received customer, category, channel, summary, kind*, accused*, handler*, branch*, urgent*, \
written*, report_received_at*, signals*, sub_category*, complainant_type*, mindset*, contact*
complaint.verified by, matches
complaint.assigned handler, by*
complaint.promised answer_by
complaint.replied text, final*, written*, by*
complaint.investigated findings, reasonable, root_cause*, by*
complaint.reinspected inspectors, original_sample, original_correct, \
simultaneous*, blind_coded*, resample_reason*
complaint.report_corrected authorised_by, recalled, voided, reissued*
complaint.handed_over to, reason
complaint.signalled signal
complaint.prewarned to
complaint.reported_up to
complaint.crisis_met chaired_by, attendees
complaint.compensated amount, currency*, approval*
complaint.resolved resolution, root_cause*, by*
complaint.result_fed_back to
complaint.feedback_solicited written*
complaint.followed_up by, outcome*
complaint.awaiting whom, reason*
complaint.resumed
complaint.merged into
complaint.unmerged
complaint.closed by
complaint.reopened reason
complaint.withdrawn reason
complaint.archived by
feedback.given score*, satisfied*, dimensions*, survey*, stage*, comment*
visit.planned customer, manager, date, mode, purpose*, appointment*, contact_detail*
visit.started customer*, manager*, branch*, mode*
visit.excepted reason, photo*
visit.ended
visit.rescheduled date, reason
visit.summarised text
visit.reported text*
visit.reviewed by, comment*
visit.spot_checked by, ok
customer.contacted staff, channel
customer.filed by, manager*, department*, category*, name*
customer.registered by
customer.changed what
customer.updated by
customer.file_reviewed by
customer.contact_assigned staff
customer.reassigned from, to, reason
customer.change_requested change
customer.change_completed change
customer.evaluated by
contact.recorded topic, channel
ownership.claimed staff, basis, referred_by*, family_of*
deal.closed amount, received_by, assisted_on*, at_event*, present*, named*, designated*, refuses*, \
complaint_against*, seeking_discount*, forgot_name*, visit_number*
ownership.disputed staff
dispute.settled shares
dispute.quarrelled
ownership.ruled by, shares
ruling.defied by
payment.missed amount
payment.received amount, received_by
contract.signed
refund.requested
name.change_requested
room.change_requested from_area, to_area, from_price, to_price
staff.joined role, department, manager*, branch*
day.summarised text*
evaluation.requested n, seed*
staff.left reason
escalation.acknowledged by, clause*
access.requested by, department, purpose
approval.requested kind, by, amount*, about*, department*
approval.granted by, role
approval.refused by, role, reason
approval.used
reception.opened order
reception.arrived customer, returning*, designated*
reception.left staff, reason*
reception.returned staff
reception.hosted class, venue
document.classified level, until*, owner*, named*
document.leaked by*
document.accessed by, purpose
document.copied by, approval*
"""
DERIVED_LINES = """
obligation.opened clause, due_at, provisional*
obligation.moved clause, due_at, previous_due_at, provisional*
obligation.warned clause, due_at
obligation.met clause, due_at
obligation.breached clause, due_at
obligation.withdrawn clause, due_at
violation.found clause, detail, missing*
violation.withdrawn clause, detail
conclusion.withdrawn clause, conclusion, status*
complaint.classified major, signals*
complaint.reopened reason
customer.reassigned from, to, reason
approval.used
escalation.raised level, severity, to, reason
escalation.stood_down reason
ownership.adjudicated rule, performance, commission
ownership.reversed
ownership.ruling_needed reason
reception.assigned staff, customer, designated
access.granted by, reason
access.denied by, reason
expense.capped cap, own_account
kpi.missed kpi, window, value, threshold
kpi.restated kpi, window, value
kpi.recovered kpi, window, value, threshold, windows
evaluation.sampled customers, seed
document.declassified
customer.erased reason, by*
policy.rebased version, previous, reason, by*
history.read by, role, purpose*, personal*
"""


def contract(lines: str) -> dict[str, dict[str, bool]]:
    """type -> field -> whether it is required."""
    rows = (line.partition(" ") for line in lines.strip().splitlines())
    return {
        name: {field.rstrip("*"): not field.endswith("*") for field in re.findall(r"[a-z_]+\*?", rest)}
        for name, _, rest in rows
    }


def fields(cls: type[Data]) -> dict[str, bool]:
    return {field.alias or name: field.is_required() for name, field in cls.model_fields.items()}


@pytest.mark.parametrize("lines, table", [(FACT_LINES, FACTS), (DERIVED_LINES, DERIVED)])
def test_the_types_are_those_of_the_contract(lines: str, table: dict[str, type[Data]]) -> None:
    assert set(table) == set(contract(lines))


@pytest.mark.parametrize("name, wanted", contract(FACT_LINES).items())
def test_a_fact_requires_what_the_contract_requires_and_knows_what_it_may_hold(
    name: str, wanted: dict[str, bool]
) -> None:
    extra = {"clause", "source", "because", "seed", "candidates"} if name in DERIVED else set()
    assert {field: needed for field, needed in fields(FACTS[name]).items() if field not in extra} == wanted


@pytest.mark.parametrize("name, wanted", contract(DERIVED_LINES).items())
def test_a_derived_event_has_what_the_contract_says_and_explains_itself(
    name: str, wanted: dict[str, bool]
) -> None:
    found = fields(DERIVED[name])
    assert wanted.items() <= found.items()
    assert {"clause", "source", "because"} <= found.keys()


def test_a_class_is_named_like_its_wire_name() -> None:
    assert events.VisitSpotChecked.type == "visit.spot_checked"
    assert events.NameChangeRequested.type == "name.change_requested"
    assert TYPES["kpi.missed"] is events.KpiMissed


def test_the_personal_fields_are_those_of_the_contract() -> None:
    assert PERSONAL == {
        "complaint.received": ("summary", "contact"),
        "complaint.replied": ("text",),
        "feedback.given": ("comment",),
        "customer.filed": ("name",),
    }


@pytest.mark.parametrize(
    "name, kinds",
    [
        ("complaint.received", ("complaint",)),
        ("feedback.given", ("complaint", "visit", "staff")),
        ("escalation.acknowledged", KINDS),
        ("access.requested", ("customer", "document")),
        ("deal.closed", ("customer",)),
        ("name.change_requested", ("customer",)),
        ("day.summarised", ("staff",)),
        ("evaluation.requested", ("staff",)),
    ],
)
def test_a_fact_goes_to_its_kinds_of_stream(name: str, kinds: tuple[str, ...]) -> None:
    assert STREAMS[name] == kinds


def test_every_fact_goes_to_known_kinds_and_every_kind_begins_with_facts_of_its_own() -> None:
    assert STREAMS.keys() == FACTS.keys()
    assert {kind for kinds in STREAMS.values() for kind in kinds} <= set(KINDS) == set(BEGINNINGS)
    assert all(kind in STREAMS[name] for kind, names in BEGINNINGS.items() for name in names)


# ---- strictness ----

DUE = datetime(2026, 3, 4, 9, tzinfo=UTC)
REPORTED = "report_received_at"
COMPLAINT: dict[str, Any] = {"customer": "K-1", "category": "fees", "channel": "phone", "summary": "雨"}
DEAL: dict[str, Any] = {"amount": 100, "received_by": "S-1"}
VISIT: dict[str, Any] = {"customer": "K-1", "manager": "S-1", "date": "2026-03-04", "mode": "phone"}
WHY: dict[str, Any] = {"clause": "a.b", "source": "规范 五", "because": "because"}
DIVIDED: dict[str, Any] = WHY | {"rule": "sales.several", "performance": {"A": 1}, "commission": {"A": 1}}


@pytest.mark.parametrize(
    "name, data, field",
    [
        ("complaint.received", COMPLAINT | {"customer": 1}, "customer"),
        ("complaint.received", COMPLAINT | {"customer": ""}, "customer"),
        ("complaint.received", COMPLAINT | {"customer": "K\n1"}, "customer"),
        ("complaint.received", COMPLAINT | {"customer": "K" * 201}, "customer"),
        ("complaint.received", COMPLAINT | {"summary": "nul\0"}, "summary"),
        ("complaint.received", COMPLAINT | {"summary": "lone \ud800"}, "summary"),
        ("complaint.received", COMPLAINT | {"urgent": 1}, "urgent"),
        ("complaint.received", COMPLAINT | {"urgent": "true"}, "urgent"),
        ("complaint.received", COMPLAINT | {"kind": "rant"}, "kind"),
        ("complaint.received", COMPLAINT | {"signals": "repeat"}, "signals"),
        ("complaint.received", COMPLAINT | {"signals": {"repeat": 1}}, "signals"),
        ("complaint.received", COMPLAINT | {"signals": ["repeat", 1]}, "signals.1"),
        ("complaint.received", COMPLAINT | {"contact": {"fax": "1"}}, "contact.fax"),
        ("complaint.received", COMPLAINT | {"contact": {"phone": 139}}, "contact.phone"),
        ("complaint.received", COMPLAINT | {REPORTED: "2026-03-04T09:00:00"}, REPORTED),
        ("complaint.received", COMPLAINT | {REPORTED: 1772614800}, REPORTED),
        ("complaint.received", COMPLAINT | {REPORTED: "1772614800"}, REPORTED),
        ("feedback.given", {}, ""),
        ("feedback.given", {"dimensions": {}}, ""),
        ("feedback.given", {"score": 0}, "score"),
        ("feedback.given", {"score": 6}, "score"),
        ("feedback.given", {"score": 4.0}, "score"),
        ("feedback.given", {"score": "4"}, "score"),
        ("feedback.given", {"score": True}, "score"),
        ("feedback.given", {"satisfied": 1}, "satisfied"),
        ("feedback.given", {"dimensions": {"politeness": 5.5}}, "dimensions.politeness"),
        ("deal.closed", DEAL | {"amount": -1}, "amount"),
        ("deal.closed", DEAL | {"amount": True}, "amount"),
        ("deal.closed", DEAL | {"amount": "100"}, "amount"),
        ("deal.closed", DEAL | {"amount": float("nan")}, "amount"),
        ("deal.closed", DEAL | {"amount": float("inf")}, "amount"),
        ("deal.closed", DEAL | {"amount": 10**16}, "amount"),
        ("deal.closed", DEAL | {"visit_number": 0}, "visit_number"),
        ("deal.closed", DEAL | {"assisted_on": "2026-02-30"}, "assisted_on"),
        ("visit.planned", VISIT | {"date": "2026-03-04T00:00:00Z"}, "date"),
        ("visit.planned", VISIT | {"date": DUE}, "date"),
        ("visit.planned", VISIT | {"date": "20260304"}, "date"),
        ("dispute.settled", {"shares": {}}, "shares"),
        ("dispute.settled", {"shares": {"S-1": 0.5}}, "shares"),
        ("dispute.settled", {"shares": {"S-1": 80, "S-2": 20}}, "shares.S-1"),
        ("ownership.adjudicated", DIVIDED | {"performance": {"A": 0.33333, "B": 0.66667}}, "performance"),
        ("ownership.adjudicated", DIVIDED | {"commission": {"A": 0.9}}, "commission"),
        ("obligation.met", WHY | {"obligation": "o", "due_at": datetime(2026, 3, 4)}, "due_at"),
        ("obligation.met", {"clause": "a", "source": "s", "obligation": "o", "due_at": DUE}, "because"),
    ],
)  # fmt: skip
def test_what_is_not_exactly_meant_is_refused_and_the_field_is_named(
    name: str, data: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TYPES[name].model_validate(data)
    assert ".".join(str(step) for step in caught.value.errors()[0]["loc"]) == field


def test_whole_amounts_stay_whole() -> None:
    deal = events.DealClosed.model_validate(DEAL)
    assert (deal.amount, type(deal.amount)) == (100, int)


def test_dimensions_may_be_scored_between_two_marks() -> None:
    given = events.FeedbackGiven.model_validate({"dimensions": {"politeness": 4.5, "accuracy": 5}})
    assert given.dimensions == {"politeness": 4.5, "accuracy": 5}


def test_three_equal_shares_written_with_three_decimals_are_a_settlement() -> None:
    shares = {"S-1": 0.333, "S-2": 0.333, "S-3": 0.333}
    assert events.DisputeSettled.model_validate({"shares": shares}).shares == shares


def test_dates_and_times_keep_what_they_are() -> None:
    assert events.VisitPlanned.model_validate(VISIT).date == date(2026, 3, 4)
    promised = events.ComplaintPromised.model_validate({"answer_by": "2026-03-04t17:00:00.5+08:00"})
    assert promised.answer_by.isoformat() == "2026-03-04T17:00:00.500000+08:00"


@pytest.mark.parametrize(
    "name, data, field, written",
    [
        ("staff.joined", {"role": "department_head", "department": "sales"}, "role", "department_manager"),
        ("complaint.result_fed_back", {"to": "department_head"}, "to", "department_manager"),
        ("complaint.prewarned", {"to": ["legal", "department_head"]}, "to", ("legal", "department_manager")),
        ("complaint.handed_over", {"to": "head_of_nothing", "reason": "r"}, "to", "head_of_nothing"),
    ],
)
def test_the_department_head_is_written_out_as_department_manager_and_unknown_roles_stay(
    name: str, data: dict[str, Any], field: str, written: object
) -> None:
    assert TYPES[name].model_validate(data).wire()[field] == written


def test_an_event_never_changes() -> None:
    verified = events.ComplaintVerified(by="S-1", matches=True)
    with pytest.raises(ValidationError, match="frozen"):
        verified.by = "S-2"  # type: ignore[misc]


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        events.ComplaintReceived.model_validate(COMPLAINT | {"contact": {"phone": 13900000001}})
    assert "13900000001" not in str(caught.value)


def test_the_wire_says_what_was_said_by_its_wire_names_and_no_more() -> None:
    moved = events.CustomerReassigned(from_="S-1", to="S-2", reason="transfer")
    assert moved.wire() == {"to": "S-2", "reason": "transfer", "from": "S-1"}
    assert events.ComplaintReplied(text="好").wire() == {"text": "好"}


# ---- what people and programs are told ----

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("name", TYPES)
def test_every_type_and_every_field_is_explained_in_english_and_chinese(name: str) -> None:
    schema = schemas.json_schema(name)
    told = [schema, *schema["properties"].values()]
    assert all(row["description"] and not CHINESE.search(row["description"]) for row in told)
    assert all(CHINESE.search(row["x-zh"]) for row in told)


def test_no_row_of_the_glossary_is_about_a_field_that_does_not_exist() -> None:
    everything = [*TYPES.values(), events.Contact, *schemas._MESSAGES]
    used = {field.alias or name for cls in everything for name, field in cls.model_fields.items()}
    assert {row.rpartition(" ")[2] for row in FIELDS} == used
    owners = {row.partition(" ")[0] for row in FIELDS if " " in row}
    assert owners <= {cls.__name__ for cls in everything} | TYPES.keys()


def test_a_field_that_a_type_uses_its_own_way_is_explained_its_own_way() -> None:
    assert meaning("customer.reassigned", "to") != meaning("complaint.prewarned", "to")


@pytest.mark.parametrize("name", TYPES)
def test_every_schema_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schemas.json_schema(name))


@pytest.mark.parametrize(
    "data, valid",
    [
        (COMPLAINT, True),
        (COMPLAINT | {"contact": {"phone": "139"}, "signals": ["repeat"]}, True),
        (COMPLAINT | {"contact": {"fax": "139"}}, False),
        (COMPLAINT | {"custmer": "K-1"}, False),
        (COMPLAINT | {"kind": "rant"}, False),
        ({"customer": "K-1"}, False),
    ],
)
def test_the_published_schema_and_the_model_agree(data: dict[str, Any], valid: bool) -> None:
    assert Draft202012Validator(schemas.json_schema("complaint.received")).is_valid(data) is valid


def test_personal_fields_are_marked_in_the_schema() -> None:
    fields = schemas.json_schema("complaint.received")["properties"]
    assert {name for name, field in fields.items() if field.get("x-personal")} == {"summary", "contact"}


def resolve(document: dict[str, Any], reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


def test_the_asyncapi_document_has_every_topic_under_the_prefix() -> None:
    channels = schemas.asyncapi(prefix="acme")["channels"]
    assert {channel["address"] for channel in channels.values()} == {
        "acme.intake",
        "acme.receipts",
        "acme.events",
        "acme.alerts.escalations",
        "acme.alerts.sla",
        "acme.alerts.satisfaction",
        "acme.dead-letters",
        "acme.checkpoints",
    }
    assert channels["intake"]["messages"].keys() == FACTS.keys()
    assert channels["events"]["messages"].keys() == TYPES.keys()


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = schemas.asyncapi()
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert len(references) > len(TYPES)
    assert all(isinstance(resolve(document, reference), dict) for reference in references)


def test_a_receipt_and_an_alert_have_the_fields_of_the_contract() -> None:
    receipt = {"id", "source", "status", "code", "reason", "field", "sequence", "subject"}
    alert = {"key", "status", "severity", "title", "subject", "clause", "source", "due_at", "to", "raised_at"}
    assert receipt <= Receipt.model_fields.keys()
    assert alert | {"updated_at", "history_url"} <= Alert.model_fields.keys()


@given(st.datetimes(datetime(1902, 1, 1), datetime(9000, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_written_as_python_writes_it(naive: datetime, minutes: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert written(at) == at.isoformat()
