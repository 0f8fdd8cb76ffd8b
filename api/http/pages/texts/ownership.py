"""Texts of the page of ownership: how deals were divided, and whose a customer is."""

ROWS = """
own_customer | Customer | 客户
own_customer_eg | Customer, such as K-1 | 客户编号，如 K-1
own_look | Look up | 查询
own_recent | Latest adjudications | 最近划分
own_all | All adjudications | 全部划分
own_none | No deal was divided | 尚无成交划分
own_none_do | A deal is divided when it closes (deal.closed), where a pack with an ownership table is in force. | 启用含归属规则表的规则包后，成交（deal.closed）时自动划分。
own_awaited | Ruling needed | 待裁定
own_awaited_none | Nothing waits for the manager's word. | 没有待经理裁定的事项。
own_since | waiting since {} | 自 {} 起待定
own_rows | Which rows decided | 适用规则分布
own_both | Performance and commission | 业绩与提成
own_performance | Performance | 业绩
own_commission | Commission | 提成
own_received | received by {} | {} 接待
own_undone | undone {} | 已于 {} 撤销
own_because | Because | 理由
own_history | History | 历史
own_of | Customer {} | 客户 {}
own_unknown | Nothing is known of the ownership of customer {} | 没有客户 {} 的归属记录
own_unknown_do | Check the id; ownership begins with a claim, a file, or a deal. | 请核对编号；归属始于登记、建档或成交。
own_owner | Owner | 归属人
own_held | Held by | 持有人
own_deals | Deals | 成交
own_reversals | Reversals | 撤销次数
own_state_open | not divided | 未划分
own_state_adjudicated | divided | 已划分
own_state_ruling_needed | ruling needed | 待裁定
own_claims | Registrations | 登记
own_claims_none | Nobody registered the customer. | 无人登记该客户。
own_basis | Basis | 依据
own_basis_first_visit | first visit | 首次来访
own_basis_designated | designated | 指定接待
own_basis_referral | referral | 介绍
own_basis_family | family | 家属
own_through | Through | 经由
own_until | Valid until | 有效期至
own_for_ever | for ever | 长期
own_holders | Who held the customer | 历任持有人
own_how | How | 方式
own_how_filed | filed | 建档
own_how_reassigned | passed on | 转交
own_from | By, or from | 建档人或原持有人
own_disputes | Disputes | 争议
own_said_ownership_disputed | disputed | 提出争议
own_said_dispute_settled | settled | 协商一致
own_said_dispute_quarrelled | quarrelled over | 争吵
own_said_ownership_ruled | ruled | 裁定
own_said_ruling_defied | ruling defied | 不服裁定
own_verdicts | Every adjudication | 历次划分
"""
