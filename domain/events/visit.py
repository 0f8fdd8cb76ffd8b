"""Facts about visits to customers."""

from typing import Literal

from domain.events.base import Data, Day, Flag, Id, Text, Time

Mode = Literal["on-site", "phone", "network"]


class VisitPlanned(Data):
    """A visit was planned for a day. | 计划某日走访。"""

    customer: Id
    manager: Id
    date: Day
    mode: Mode
    purpose: Literal["routine", "return", "market"] | None = None
    appointment: Time | None = None
    contact_detail: Text | None = None


class VisitStarted(Data):
    """The visit began; where plan and start differ, the start counts. | 走访开始；与计划不同时以实际为准。"""

    customer: Id | None = None
    manager: Id | None = None
    branch: Id | None = None
    mode: Mode | None = None


class VisitExcepted(Data):
    """The visit could not be made. | 走访未能进行。"""

    reason: Text
    photo: Id | None = None


class VisitEnded(Data):
    """The visit ended. | 走访结束。"""


class VisitRescheduled(Data):
    """The visit was moved to another day. | 走访改期。"""

    date: Day
    reason: Text


class VisitSummarised(Data):
    """The visitor summed the visit up. | 走访小结。"""

    text: Text


class VisitReported(Data):
    """A report of the visit was handed in. | 提交走访报告。"""

    text: Text | None = None


class VisitReviewed(Data):
    """Somebody reviewed the visit's summary or report. | 审阅走访小结或报告。"""

    by: Id
    comment: Text | None = None


class VisitSpotChecked(Data):
    """Somebody checked whether the visit really took place. | 抽查走访真实性。"""

    by: Id
    ok: Flag
