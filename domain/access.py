"""Who may read what: customer files by an approval that is used up, documents by their level.

Source: 001-5 15 (customer files); 001-6 三, 四 (documents).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from domain.approval import Approval
from domain.document import Document
from domain.envelope import Event
from domain.events import AccessDenied, AccessGranted, ApprovalUsed, ViolationFound
from domain.rules import rule
from domain.stream import Stream, name_of

if TYPE_CHECKING:
    from domain.engine import Emit, Rejudge, Turn, World
    from domain.policy import BoundClause


def _approvals_about(world: World, subject: str, event: Event) -> Iterator[tuple[str, Approval]]:
    """The approvals about a subject, as they stood when the event happened; used up is used up."""
    for approval in world.links(f"approvals-about/{subject}"):
        stream = world.stream(approval)
        state = stream.state_at(event.time)
        if state.granted and not stream.state.used:
            yield approval, state


def _covers(approval: Approval, by: str, same_department: bool) -> bool:
    """The department manager's covers reading within the own department, the general manager's any."""
    if approval.kind != "file-access" or approval.by != by:
        return False
    roles = approval.granted_by_role
    return "general_manager" in roles or ("department_manager" in roles and same_department)


def _answer(event: Event, clause: BoundClause, reason: str, granted: bool, approval: str | None) -> Any:
    data: Any = event.data
    said = {"by": data.by, "reason": reason, "clause": clause.id, "source": clause.cites, "because": reason}
    return AccessGranted(**said, approval=approval) if granted else AccessDenied(**said)


@rule("file-access", "access.requested")
def read_file(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """A customer's file is read with a granted approval, which is used up by it."""
    from domain.engine import Emit

    if stream.kind != "customer":
        return
    data: Any = event.data
    department = stream.state_at(event.time).department
    same = department is not None and data.department == department
    usable = _approvals_about(turn.world, stream.subject, event)
    approval = next((name for name, state in usable if _covers(state, data.by, same)), None)
    if approval is None:
        yield Emit(_answer(event, clause, "no granted, unused approval covers it", False, None))
        return
    yield Emit(_answer(event, clause, f"by {approval}", True, approval.partition("/")[2]))
    because = f"{data.by} was granted to read {stream.subject}"
    used = ApprovalUsed(clause=clause.id, source=clause.cites, because=because)
    yield Emit(used, subject=approval)


_Reader = Callable[["World", Document, Event], bool]


def _is_named(_world: World, document: Document, event: Event) -> bool:
    data: Any = event.data
    return bool(data.by in document.named)


def _is_owner(_world: World, document: Document, event: Event) -> bool:
    data: Any = event.data
    return bool(data.by == document.owner)


def _of_owners_department(world: World, document: Document, event: Event) -> bool:
    data: Any = event.data
    owner = _staff(world, document.owner, event)
    return owner is not None and owner.department == data.department


def _everybody(_world: World, _document: Document, _event: Event) -> bool:
    return True


def _staff(world: World, staff: str | None, event: Event) -> Any:
    """Who somebody was when the event happened."""
    return world.stream(f"staff/{staff}").state_at(event.time) if staff is not None else None


READERS: dict[str, tuple[_Reader, ...]] = {
    "public": (_everybody,),
    "secret": (_is_owner, _is_named, _of_owners_department),
    "confidential": (_is_owner, _is_named),
    "top-secret": (_is_named,),
}
"""Who may read a document of each level; general managers always may."""


@rule("confidentiality", "access.requested")
def read_document(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """A document is read by those whom its level allows."""
    from domain.engine import Emit

    if stream.kind != "document":
        return
    data: Any = event.data
    document = stream.state_at(event.time)
    reader = _staff(turn.world, data.by, event)
    leads = reader.role == "general_manager" and not reader.left
    allowed = leads or any(may(turn.world, document, event) for may in READERS[document.level])
    yield Emit(_answer(event, clause, f"the document is {document.level}", allowed, None))


@rule("confidentiality", "document.copied", judged=True)
def copied(turn: Turn, stream: Stream, event: Event, clause: BoundClause) -> Iterator[Emit]:
    """A top-secret document is copied only with a general manager's approval of kind copy."""
    from domain.engine import Emit

    data: Any = event.data
    if stream.state.level != "top-secret" or _copy_approved(turn.world, stream, event, data.approval):
        return
    detail = "copied-without-approval"
    yield Emit(
        ViolationFound(
            clause=clause.id,
            source=clause.cites,
            because="top-secret, and no approval of kind copy was granted by a general manager",
            violation=f"{clause.id}:{detail}:{name_of(event)}",
            detail=detail,
        )
    )


def _copy_approved(world: World, stream: Stream, event: Event, named: str | None) -> bool:
    return any(
        approval.kind == "copy" and approval.granted and "general_manager" in approval.granted_by_role
        for subject in world.links(f"approvals-about/{stream.subject}")
        for approval in (world.stream(subject).state_at(event.time),)
        if named is None or subject == f"approval/{named}"
    )


@rule("confidentiality", "approval.granted", "approval.refused")
def judge_copies(_turn: Turn, stream: Stream, _event: Event, _clause: BoundClause) -> Iterator[Rejudge]:
    """What is learned late of an approval may show that a copy was allowed, or that it was not."""
    from domain.engine import Rejudge

    if stream.state.kind == "copy" and (stream.state.about or "").startswith("document/"):
        yield Rejudge(stream.state.about)
