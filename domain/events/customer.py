"""Facts about customers: their file, who looks after them, and what they bought."""

from typing import Annotated, Literal

from pydantic import Field

from domain.events.base import (
    Amount,
    Code,
    Count,
    Data,
    Day,
    Flag,
    Id,
    Ids,
    Private,
    Seed,
    Shares,
    Text,
)

Change = Literal["phone", "suspension", "resumption"]


class CustomerContacted(Data):
    """A member of staff was in contact with the customer. | 员工与客户取得联系。"""

    staff: Id
    channel: Code


class CustomerFiled(Data):
    """The customer's file was made. | 建立客户档案。"""

    by: Id
    manager: Id | None = None
    department: Id | None = None
    category: Code | None = None
    name: Annotated[Text | None, Private] = None


class CustomerRegistered(Data):
    """The customer was registered. | 客户登记。"""

    by: Id


class CustomerChanged(Data):
    """Something about the customer changed. | 客户情况发生变化。"""

    what: Text


class CustomerUpdated(Data):
    """The customer's file was brought up to date. | 更新客户档案。"""

    by: Id


class CustomerFileReviewed(Data):
    """The customer's file was reviewed. | 复核客户档案。"""

    by: Id


class CustomerContactAssigned(Data):
    """A member of staff was named as a contact of the customer. | 为客户指定联系人员。"""

    staff: Id


class CustomerReassigned(Data):
    """The customer passed from one member of staff to another. | 客户转交另一员工。"""

    from_: Id = Field(alias="from")
    to: Id
    reason: Text
    clause: Id | None = None
    source: Text | None = None
    because: Text | None = None
    seed: Seed | None = None
    candidates: Ids = ()


class CustomerChangeRequested(Data):
    """The customer asked for a change. | 客户申请变更。"""

    change: Change


class CustomerChangeCompleted(Data):
    """A change the customer asked for was made. | 完成客户申请的变更。"""

    change: Change


class CustomerEvaluated(Data):
    """The customer was evaluated. | 完成客户评价。"""

    by: Id


class ContactRecorded(Data):
    """A contact with the customer, by topic. | 记录一次客户联系及其主题。"""

    topic: Code
    channel: Code


class OwnershipClaimed(Data):
    """A salesperson registered the customer as theirs. | 销售人员登记客户归属。"""

    staff: Id
    basis: Literal["first-visit", "designated", "referral", "family"]
    referred_by: Id | None = None
    family_of: Id | None = None


class DealClosed(Data):
    """A deal was closed, with what its division depends on. | 成交，附业绩划分所需情况。"""

    amount: Amount
    received_by: Id
    assisted_on: Day | None = None
    at_event: Flag | None = None
    present: Ids = ()
    named: Ids = ()
    designated: Id | None = None
    refuses: Ids = ()
    complaint_against: Id | None = None
    seeking_discount: Flag | None = None
    forgot_name: Flag | None = None
    visit_number: Count | None = None


class OwnershipDisputed(Data):
    """Staff dispute whose customer it is. | 员工争议客户归属。"""

    staff: Ids


class DisputeSettled(Data):
    """The parties agreed how to divide the deal. | 争议各方就划分达成一致。"""

    shares: Shares


class DisputeQuarrelled(Data):
    """The parties quarrelled in front of the customer. | 争议各方发生争吵。"""


class OwnershipRuled(Data):
    """The manager ruled how to divide the deal. | 经理裁定划分。"""

    by: Id
    shares: Shares


class RulingDefied(Data):
    """Somebody defied the manager's ruling. | 有人不服从裁定。"""

    by: Id


class PaymentMissed(Data):
    """A payment that was due did not come. | 客户逾期未付款。"""

    amount: Amount


class PaymentReceived(Data):
    """A payment came in. | 收到付款。"""

    amount: Amount
    received_by: Id


class ContractSigned(Data):
    """The contract was signed. | 签订合同。"""


class RefundRequested(Data):
    """The customer asked for the money back. | 客户申请退款。"""


class NameChangeRequested(Data):
    """The customer asked to change the buyer's name. | 客户申请更名。"""


class RoomChangeRequested(Data):
    """The customer asked for another room. | 客户申请换房。"""

    from_area: Amount
    to_area: Amount
    from_price: Amount
    to_price: Amount
