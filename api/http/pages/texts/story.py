"""Texts of a stream's page: what happened, what followed, what is owed, and what proves it."""

ROWS = """
history_of | History of {} | {} 的历史
kind_complaint | Complaint | 投诉
kind_visit | Visit | 拜访
kind_customer | Customer | 客户
kind_staff | Staff member | 员工
kind_approval | Approval | 审批
kind_reception | Reception | 接待
kind_document | Document | 文件
kind_branch | Branch | 分支
about_customer | customer | 客户
about_handler | handler | 经办人
about_branch | branch | 分支
about_category | category | 类别
about_channel | channel | 渠道
about_accused | complained of | 被投诉人
about_manager | manager | 客户经理
about_mode | mode | 方式
about_role | role | 岗位
about_department | department | 部门
status_open | open | 处理中
status_closed | closed | 已结案
status_withdrawn | withdrawn | 已撤诉
status_merged | merged | 已合并
major | major | 重大
urgent | urgent | 紧急件
cycle | round {} | 第 {} 轮
fact | fact | 事实
follows | follows by rule | 依规则产生
clock | by the clock | 到时产生
learned | learned {} | 获知于 {}
rule | Rule | 规则
source | Source | 依据
because | Because | 理由
actor | By | 行为人
event | Event | 事件
proof_of | Proof | 证明
timeline | What happened | 经过
obligations | Obligations | 义务
obligations_none | Nothing was owed by then | 当时没有义务
paused | paused | 暂停计时
running | running | 计时中
met | met | 按期履行
counted | counted | 计入
uncounted | not counted | 不计入
over | overdue | 逾期
warned_at | warning | 预警
done_at | done | 履行
bar_says | {}: opened {}, due {} | {}：产生于 {}，到期 {}
bar_done | done {} | 履行于 {}
bar_late | {} late | 逾期 {}
bar_now | then | 当时
segments | How the time was counted | 计时明细
from_to | From | 起
until_to | To | 止
length | Length | 时长
counting | Counting | 计时
reason | Reason | 原因
violations | Broken rules | 违规
stands | stands | 有效
rewind | Rewind | 回溯
as_of | As things were at | 回到某时
known_at | As known at | 按某时所知
as_of_hint | What had happened by then | 截至该时已发生的
known_at_hint | What the system had learned by then | 截至该时系统已获知的
present | now | 现在
exact | Exact times | 精确时间
then_shown | Shown as it was, not as it is now | 显示的是当时情形，而非现状
then_back | Back to now | 回到现在
events_shown | events: {} | {} 条事件
events_of | {} of {} events | {} / {} 条事件
nothing_then | Nothing had happened, or was known, by then | 届时尚无任何记录
nothing_then_do | Move the sliders to a later time. | 请将滑块移至更晚的时间。
export | Export | 导出
state | State | 状态
state_more | All that decisions know of it | 判定所用的全部状态
alerted | Who was alerted | 告警经过
alerted_none | Nobody had to be alerted | 无需告警
reads | Who read it | 查阅记录
reads_none | No reading was recorded | 没有查阅记录
around | Around it | 相关事项
around_none | Nothing is known around it | 没有相关事项
verification | Verification | 核验
proof_proven | Proven | 已核验
proof_proven_do | Each of {} events, hashed as stored now, leads to the root signed {}. | {} 条事件按现存内容计算的哈希均与 {} 签名的根一致。
proof_young | New | 新记录
proof_young_do | Newer than the last signed checkpoint; the next one covers it. | 晚于最近的签名检查点，将由下一个检查点覆盖。
proof_more | {} newer events are covered by the next checkpoint. | 另有 {} 条较新事件将由下一个检查点覆盖。
proof_unsigned | Not signed | 未签名
proof_unsigned_do | This installation has no signing key; see the guide for auditors. | 本系统未配置签名密钥，参见审计指南。
proof_unproven | Altered | 已被改动
proof_unproven_do | What is stored is not what was signed. Run huiyin verify. | 现存内容与签名不符。请运行 huiyin verify。
proof_root | root | 根
proof_size | checkpoint of {} events | {} 条事件的检查点
verifying | Verifying… | 核验中…
not_live | This page shows what was known when it was opened. | 本页显示打开时所知的内容。
more_steps | {} more | 另 {} 项
"""
