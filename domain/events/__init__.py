"""Every event, by its wire name: which are facts, which are derived, and on which streams they happen.

A type is added by writing its class; the tables here find it.
"""

from types import ModuleType

from domain.events import complaint, customer, derived, organisation, visit
from domain.events.base import Contact as Contact
from domain.events.base import Data as Data
from domain.events.base import Part as Part
from domain.events.complaint import *  # noqa: F403
from domain.events.customer import *  # noqa: F403
from domain.events.derived import *  # noqa: F403
from domain.events.organisation import *  # noqa: F403
from domain.events.visit import *  # noqa: F403

_ABSTRACT = {derived.Explained, derived.Derived, derived.Obligation, derived.Violation, derived.Kpi}


def _defined_in(*modules: ModuleType) -> dict[str, type[Data]]:
    """The event classes that the modules themselves define, in the order they are written."""
    found = (thing for module in modules for thing in vars(module).values() if isinstance(thing, type))
    names = {module.__name__ for module in modules}
    return {
        cls.type: cls
        for cls in found
        if issubclass(cls, Data) and cls.__module__ in names and cls not in _ABSTRACT
    }


def _personal(cls: type[Data]) -> tuple[str, ...]:
    extras = ((name, field.json_schema_extra) for name, field in cls.model_fields.items())
    return tuple(name for name, extra in extras if isinstance(extra, dict) and extra.get("x-personal"))


# by a person, or by a rule
_BY_EITHER = (complaint.ComplaintReopened, customer.CustomerReassigned, organisation.ApprovalUsed)

FACTS: dict[str, type[Data]] = _defined_in(complaint, visit, customer, organisation)
DERIVED: dict[str, type[Data]] = {**_defined_in(derived), **{cls.type: cls for cls in _BY_EITHER}}
TYPES: dict[str, type[Data]] = FACTS | DERIVED
PERSONAL: dict[str, tuple[str, ...]] = {
    name: found for name, cls in FACTS.items() if (found := _personal(cls))
}

KINDS = ("complaint", "visit", "customer", "staff", "approval", "reception", "document", "branch")
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "complaint": ("complaint.received",),
    "visit": ("visit.planned", "visit.started"),
    "customer": (),
    "staff": (),
    "approval": ("approval.requested",),
    "reception": ("reception.opened",),
    "document": ("document.classified",),
    "branch": (),
}

# Where a fact may go if not to the kind of stream that its name begins with.
_CUSTOMERS = (
    "contact",
    "ownership",
    "deal",
    "dispute",
    "ruling",
    "payment",
    "contract",
    "refund",
    "name",
    "room",
)
_ELSEWHERE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_CUSTOMERS, ("customer",)),
    "day": ("staff",),
    "evaluation": ("staff",),
    "feedback": ("complaint", "visit", "staff"),
    "escalation": KINDS,
    "access": ("customer", "document"),
}


def _streams(name: str) -> tuple[str, ...]:
    head = name.partition(".")[0]
    return _ELSEWHERE.get(head, (head,))


STREAMS: dict[str, tuple[str, ...]] = {name: _streams(name) for name in FACTS}
