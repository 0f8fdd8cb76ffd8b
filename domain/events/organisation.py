"""Facts about staff, approvals, the reception desk and documents, and what any stream may receive."""

from typing import Literal

from pydantic import Field

from domain.events.base import Amount, Code, Count, Data, Flag, Id, Ids, Role, Seed, Text, Time


class StaffJoined(Data):
    """Somebody joined the staff in a role. | 员工入职并任某角色。"""

    role: Role
    department: Id
    manager: Id | None = None
    branch: Id | None = None


class DaySummarised(Data):
    """A member of staff summed their day up. | 员工提交当日小结。"""

    text: Text | None = None


class EvaluationRequested(Data):
    """A draw of customers to evaluate a manager was asked for. | 申请随机抽取客户评价经理。"""

    n: Count
    seed: Seed | None = None


class StaffLeft(Data):
    """Somebody left their post. | 员工离岗。"""

    reason: Literal["transfer", "leave", "resignation"]


class EscalationAcknowledged(Data):
    """Somebody took an escalation on. | 有人接手升级事项。"""

    by: Id
    clause: Id | None = None


class AccessRequested(Data):
    """Somebody asked to read a customer's file or a document. | 申请查阅客户档案或文件。"""

    by: Id
    department: Id
    purpose: Text


class ApprovalRequested(Data):
    """Somebody asked for an approval. | 申请审批。"""

    kind: Literal["expense", "visit-expense", "sample", "file-access", "compensation", "copy"]
    by: Id
    amount: Amount | None = None
    about: Id | None = None
    department: Id | None = None


class ApprovalGranted(Data):
    """A role granted the approval. | 审批通过。"""

    by: Id
    role: Role


class ApprovalRefused(Data):
    """A role refused the approval. | 审批不通过。"""

    by: Id
    role: Role
    reason: Text


class ApprovalUsed(Data):
    """What was approved was done, as a person says or a rule sees. | 审批已使用，由人报告或由规则认定。"""

    clause: Id | None = None
    source: Text | None = None
    because: Text | None = None


class ReceptionOpened(Data):
    """The reception opened, with its order of turns. | 接待开始，确定轮值次序。"""

    order: Ids


class ReceptionArrived(Data):
    """A customer arrived at the reception. | 客户到访。"""

    customer: Id
    returning: Flag | None = None
    designated: Id | None = None


class ReceptionLeft(Data):
    """A salesperson left the reception. | 销售人员离开接待岗。"""

    staff: Id
    reason: Literal["business", "busy", "leave"] = "business"


class ReceptionReturned(Data):
    """A salesperson came back to the reception. | 销售人员返回接待岗。"""

    staff: Id


class ReceptionHosted(Data):
    """Guests of a class were received at a venue. | 按级别在某场所接待来宾。"""

    class_: Literal["a", "b", "c"] = Field(alias="class")
    venue: Code


class DocumentClassified(Data):
    """A document got its level of secrecy. | 文件定密。"""

    level: Literal["public", "secret", "confidential", "top-secret"]
    until: Time | None = None
    owner: Id | None = None
    named: Ids = ()


class DocumentLeaked(Data):
    """A document leaked. | 文件泄密。"""

    by: Id | None = None


class DocumentAccessed(Data):
    """A document was read. | 查阅文件。"""

    by: Id
    purpose: Text


class DocumentCopied(Data):
    """A document was copied. | 复制文件。"""

    by: Id
    approval: Id | None = None
