"""What else crosses the boundary beside events: the receipt of a fact, and the alert of a situation."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from domain.events.base import Count, Flag, Id, Number, Roles, Text, Time

Echo = Annotated[str, Strict()]
"""What somebody sent, said back to them: any characters, those for which it was refused among them."""

Extension = Annotated[str | int | bool, Field(union_mode="left_to_right")]


class Message(BaseModel):
    """An immutable message with fixed fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CloudEvent(BaseModel):
    """A CloudEvents 1.0 event in structured mode. | 结构化模式的 CloudEvents 1.0 事件。"""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: Id
    source: Id
    type: Id
    subject: Id
    time: Time
    actor: Id | None = None
    recordedtime: Time | None = None
    sequence: int | None = Field(default=None, ge=1)
    correlationid: Id | None = None
    causationid: Id | None = None
    partitionkey: Id | None = None
    dataschema: Text | None = None
    datacontenttype: Text | None = None


class Receipt(Message):
    """The ledger's one answer to one fact. | 账本对每条事实的唯一回执。"""

    id: Echo | None = None
    source: Echo | None = None
    status: Literal["recorded", "duplicate", "parked", "rejected"]
    code: Id | None = None
    reason: Echo | None = None
    reason_zh: Echo | None = None
    field: Echo | None = None
    sequence: int | None = None
    subject: Echo | None = None
    origin: Text | None = None


class Alert(Message):
    """A situation that ops watch; one situation has one key for ever. | 运维关注的一个情形，键终身不变。"""

    key: Id
    status: Literal["firing", "acknowledged", "resolved"]
    severity: Literal["info", "warning", "high", "critical"]
    title: Text
    subject: Id
    clause: Id | None = None
    source: Text | None = None
    due_at: Time | None = None
    to: Roles = ()
    raised_at: Time
    updated_at: Time
    history_url: Text | None = None
    title_zh: Text | None = None
    provisional: Flag | None = None
    level: Count | None = None
    next_at: Time | None = None
    acknowledged_by: Id | None = None
    window: Id | None = None
    value: Number | None = None
    threshold: Number | None = None


class DeadLetter(Message):
    """A message refused: why, and its bytes as they came. | 被拒消息：原因及原始字节。"""

    code: Id
    reason: Echo
    reason_zh: Echo | None = None
    field: Echo | None = None
    raw_base64: Text
    sealed_with: Id | None = None
    headers: dict[str, str] = {}
    origin: Text | None = None
    refused_at: Time | None = None
