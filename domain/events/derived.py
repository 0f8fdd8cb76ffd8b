"""What the system records beside the facts: each says which written rule it follows from, and why."""

from typing import Literal

from domain.events.base import (
    Amount,
    Count,
    Data,
    ExactShares,
    Flag,
    Id,
    Ids,
    Number,
    Roles,
    Seed,
    Text,
    Time,
)

Severity = Literal["info", "warning", "high", "critical"]


class Explained(Data):
    """A consequence that carries its written rule and its reason. | 附成文依据和理由的结论。"""

    source: Text
    because: Text


class Derived(Explained):
    """A consequence of one clause. | 某条款的后果。"""

    clause: Id


class Obligation(Derived):
    """An obligation, at some point of its life. | 某阶段的义务。"""

    obligation: Text
    of: Text | None = None
    due_at: Time
    warn_at: Time | None = None
    opened_at: Time | None = None
    duty_of: Id | None = None
    pauses: Flag = False


class ObligationOpened(Obligation):
    """Something must happen by a time. | 产生义务，限时履行。"""

    within: Text | None = None
    provisional: Flag | None = None


class ObligationMoved(Obligation):
    """An obligation's due time moved. | 义务期限变动。"""

    previous_due_at: Time
    within: Text | None = None
    provisional: Flag | None = None


class ObligationWarned(Obligation):
    """Most of the time of an obligation is used up. | 义务期限将至。"""


class ObligationMet(Obligation):
    """An obligation was met in time. | 义务按期履行。"""


class ObligationBreached(Obligation):
    """An obligation was not met in time. | 义务逾期未履行。"""


class ObligationWithdrawn(Obligation):
    """An obligation or its breach no longer stands. | 义务或其逾期记录撤销。"""

    runs_on: Flag | None = None


class Violation(Derived):
    """A broken rule. | 违规。"""

    violation: Text
    detail: Id


class ViolationFound(Violation):
    """What happened broke a rule. | 发现违规。"""

    missing: Ids = ()


class ViolationWithdrawn(Violation):
    """A late fact showed that no rule was broken. | 补录事实表明未违规，撤销。"""


class ConclusionWithdrawn(Derived):
    """A late fact showed that a derived event did not follow. | 补录事实表明某结论不成立，撤销。"""

    conclusion: Text
    status: Text | None = None


class ComplaintClassified(Derived):
    """The complaint was classified as major. | 投诉定为重大投诉。"""

    major: Flag
    signals: Ids = ()


class EscalationRaised(Derived):
    """A situation went up the ladder to the roles named. | 事项升级至有关角色。"""

    escalation: Text
    level: Count
    severity: Severity
    to: Roles
    reason: Text
    next_at: Time | None = None


class EscalationStoodDown(Derived):
    """An escalation ended by itself. | 升级自行解除。"""

    escalation: Text
    reason: Text


class OwnershipAdjudicated(Derived):
    """A deal was divided by the first rule that applies. | 依首条适用规则划分成交业绩。"""

    rule: Id
    performance: ExactShares
    commission: ExactShares
    deal: Id | None = None


class OwnershipReversed(Derived):
    """An adjudication was undone by what became known later. | 因后来情况撤销划分。"""

    adjudication: Id
    rule: Id | None = None
    performance: ExactShares | None = None
    commission: ExactShares | None = None
    deal: Id | None = None


class OwnershipRulingNeeded(Derived):
    """The rules leave the division of a deal to the manager. | 须由经理裁定划分。"""

    reason: Text
    deal: Id | None = None


class ReceptionAssigned(Derived):
    """A customer was assigned to a salesperson. | 客户分配给销售人员。"""

    staff: Id
    customer: Id
    designated: Flag


class AccessGranted(Derived):
    """Reading was allowed. | 准许查阅。"""

    by: Id
    reason: Text
    approval: Id | None = None


class AccessDenied(Derived):
    """Reading was not allowed. | 不准查阅。"""

    by: Id
    reason: Text


class ExpenseCapped(Derived):
    """An expense above the cap is paid from the own pocket. | 费用超限，超出部分自理。"""

    cap: Amount
    own_account: Amount


class Kpi(Explained):
    """A figure measured over a window. | 某时间窗内的指标。"""

    clause: Id | None = None
    kpi: Id
    window: Id
    value: Number
    dimension: Id | None = None


class KpiMissed(Kpi):
    """A figure missed its threshold in a window. | 指标在时间窗内未达标。"""

    threshold: Number


class KpiRestated(Kpi):
    """A late fact changed a figure. | 补录事实改变指标。"""

    threshold: Number | None = None


class KpiRecovered(Kpi):
    """The first window in order after those that missed it. | 未达标之后首个达标的时间窗。"""

    threshold: Number
    windows: Ids


class CustomerErased(Explained):
    """The customer's personal fields were made unreadable for ever. | 客户个人信息已永久不可读。"""

    clause: Id | None = None
    reason: Text
    by: Id | None = None


class PolicyRebased(Explained):
    """A running stream passed to the policy in force. | 运行中的流改用现行规则版本。"""

    clause: Id | None = None
    version: Text
    previous: Text
    reason: Text
    by: Id | None = None


class HistoryRead(Explained):
    """Somebody read what is protected. | 查阅受保护的记录。"""

    clause: Id | None = None
    by: Id
    role: Id
    purpose: Text | None = None
    personal: Flag = False


class EvaluationSampled(Derived):
    """Customers were drawn at random, repeatably. | 可复现地随机抽取客户。"""

    customers: Ids
    seed: Seed
    candidates: Ids = ()


class DocumentDeclassified(Derived):
    """A document's secrecy ended. | 文件解密。"""
