"""Facts about complaints, and feedback wherever it is given."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from domain.events.base import (
    Amount,
    Code,
    Contact,
    Data,
    Flag,
    Id,
    Ids,
    Private,
    Rating,
    Role,
    Roles,
    Score,
    Text,
    Time,
    problem,
)


class ComplaintReceived(Data):
    """A complaint, an appeal or an inquiry came in. | 收到投诉、申诉或咨询。"""

    customer: Id
    category: Code
    channel: Code
    summary: Annotated[Text, Private]
    kind: Literal["complaint", "appeal", "inquiry"] | None = None
    accused: Id | None = None
    handler: Id | None = None
    branch: Id | None = None
    urgent: Flag | None = None
    written: Flag | None = None
    report_received_at: Time | None = None
    signals: Ids = ()
    sub_category: Code | None = None
    complainant_type: Code | None = None
    mindset: Code | None = None
    contact: Annotated[Contact | None, Private] = None


class ComplaintVerified(Data):
    """Somebody checked whether the complaint matches what happened. | 核实投诉是否属实。"""

    by: Id
    matches: Flag


class ComplaintAssigned(Data):
    """The complaint was given to a handler. | 投诉已指派处理人。"""

    handler: Id
    by: Id | None = None


class ComplaintPromised(Data):
    """An answer was promised by a certain time. | 承诺在某时前答复。"""

    answer_by: Time


class ComplaintReplied(Data):
    """The customer got a reply, of progress or final. | 已向客户答复（进展或最终）。"""

    text: Annotated[Text, Private]
    final: Flag = False
    written: Flag | None = None
    by: Id | None = None


class ComplaintInvestigated(Data):
    """The complaint was investigated and found reasonable or not. | 完成调查并认定投诉是否合理。"""

    findings: Text
    reasonable: Flag
    root_cause: Code | None = None
    by: Id | None = None


class ComplaintReinspected(Data):
    """The sample in dispute was inspected again. | 对争议样品进行复检。"""

    inspectors: Ids
    original_sample: Flag
    original_correct: Flag
    simultaneous: Flag | None = None
    blind_coded: Flag | None = None
    resample_reason: Text | None = None


class ComplaintReportCorrected(Data):
    """A wrong report was recalled, voided and reissued. | 错误报告已收回、作废并重发。"""

    authorised_by: Id
    recalled: Flag
    voided: Flag
    reissued: Flag | None = None


class ComplaintHandedOver(Data):
    """The complaint was handed over to a role or a person. | 投诉移交给某角色或某人。"""

    to: Role
    reason: Text


class ComplaintSignalled(Data):
    """A sign that the complaint may be a major one. | 出现可能为重大投诉的信号。"""

    signal: Code


class ComplaintPrewarned(Data):
    """The roles named were warned of a major complaint. | 已向有关角色发出重大投诉预警。"""

    to: Roles


class ComplaintReportedUp(Data):
    """A major complaint was reported to the leadership. | 重大投诉已上报领导层。"""

    to: Roles


class ComplaintCrisisMet(Data):
    """A crisis meeting was held on a major complaint. | 就重大投诉召开危机会议。"""

    chaired_by: Role
    attendees: Roles


class ComplaintCompensated(Data):
    """The customer was granted compensation. | 给予客户补偿。"""

    amount: Amount
    currency: Code | None = None
    approval: Id | None = None


class ComplaintResolved(Data):
    """A resolution was reached. | 投诉已有处理结果。"""

    resolution: Text
    root_cause: Code | None = None
    by: Id | None = None


class ComplaintResultFedBack(Data):
    """The result was fed back to the role named. | 处理结果已反馈给有关角色。"""

    to: Role


class ComplaintFeedbackSolicited(Data):
    """The customer was asked for feedback. | 已征求客户反馈意见。"""

    written: Flag | None = None


class ComplaintFollowedUp(Data):
    """The customer was visited or called after the resolution. | 处理后回访客户。"""

    by: Id
    outcome: Text | None = None


class ComplaintAwaiting(Data):
    """The handling waits for somebody else. | 处理暂停，等待他方。"""

    whom: Literal["customer", "supplier", "other"]
    reason: Text | None = None


class ComplaintResumed(Data):
    """What the handling waited for has come. | 等待结束，恢复处理。"""


class ComplaintMerged(Data):
    """The complaint was merged into another. | 投诉并入另一投诉。"""

    into: Id


class ComplaintUnmerged(Data):
    """The merge was undone. | 撤销合并。"""


class ComplaintClosed(Data):
    """The complaint was closed. | 投诉结案。"""

    by: Id


class ComplaintReopened(Data):
    """The complaint was opened again, by a person or by a rule. | 投诉由人或依规则重新打开。"""

    reason: Text
    clause: Id | None = None
    source: Text | None = None
    because: Text | None = None


class ComplaintWithdrawn(Data):
    """The customer withdrew the complaint. | 客户撤回投诉。"""

    reason: Text


class ComplaintArchived(Data):
    """The complaint's papers were archived. | 投诉材料归档。"""

    by: Id


class FeedbackGiven(Data):
    """A customer said how satisfied they are. | 客户给出满意度评价。"""

    score: Score | None = None
    satisfied: Flag | None = None
    dimensions: dict[Id, Rating] | None = None
    survey: Code | None = None
    stage: Code | None = None
    comment: Annotated[Text | None, Private] = None

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """Feedback without any rating could be counted nowhere."""
        if self.score is None and self.satisfied is None and not self.dimensions:
            raise problem(
                "rating",
                "needs at least one of score, satisfied and dimensions",
                "须至少有 score、satisfied、dimensions 之一",
            )
        return self
