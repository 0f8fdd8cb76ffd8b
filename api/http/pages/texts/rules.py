"""Texts of the pages of rules, and of asking what would have been under others."""

ROWS = """
rule_lead | Each clause is one paragraph of a written standard, as data: what it says, when it applies, and what follows. | 每一条款对应成文规范中的一款：内容、适用条件及后果。
rule_in_force | In force | 现行规则包
rule_others | Shipped, not in force | 已提供，未启用
rule_not_in_force | not in force | 未启用
rule_clauses | Clauses | 条款
rule_kpis | Figures | 指标
rule_fired_in | Fired in {} | {} 触发
rule_fired_when | Where it fired | 触发情况
rule_assumed | assumed: the standard leaves the figure open | 默认值，原规范未明确
rule_assumed_short | Assumed | 默认值
rule_branches | only {} | 仅 {}
rule_ladder | Ladder | 升级层级
rule_step | a step every {} | 每级 {}
rule_includes | Includes | 包含
rule_find | Find a clause | 查找条款
rule_find_none | No clause has these words. | 没有包含这些字词的条款。
rule_example | Worked example | 示例
rule_within | Within | 期限
rule_due_by | by | 期限字段
rule_opens | Opens on | 产生于
rule_met_by | Met by | 履行于
rule_refuses | Refuses | 拒收
rule_violates | Violation | 违规
rule_escalates | Escalates | 升级
rule_code | Function | 规则函数
rule_measure | Measure | 度量
rule_silent | did not fire in {} | {} 未触发
rule_opened | opened | 产生义务
rule_breached | breached | 逾期
rule_violations | violations | 违规
rule_escalations | escalations | 升级
rule_missed | missed | 未达标
rule_verdicts | adjudications | 划分
rule_what_if | What if … | 假设分析
what_lead | The recorded facts of a period, replayed under another policy. Nothing is changed: you see what would have been owed, missed and escalated. | 以另一组规则重放某期间的已记录事实。不改动任何记录，仅显示将会产生、逾期和升级的事项。
what_period | Period | 期间
what_first | First day | 起始日
what_last | Last day | 结束日
what_packs | Packs | 规则包
what_figure | Or one other figure | 或更改一个数值
what_clause | Clause or figure | 条款或指标
what_none | none | 不更改
what_instead | Instead | 改为
what_go | Replay | 重放
what_limit | At most {} facts, two minutes. | 最多 {} 条事实、两分钟。
what_runs | Asked of late | 最近的分析
what_running | still running | 运行中
what_working | Replaying for {} s; this page follows by itself. | 已重放 {} 秒；本页自动更新。
what_wrong_days | Give the first and the last day as dates. | 请填写起始日和结束日。
what_wrong_period | The last day must not lie before the first, nor more than 400 days after it. | 结束日不得早于起始日，也不得晚 400 天以上。
what_wrong_figure | Choose a clause and say what its figure should be instead. | 请选择条款并填写改后的数值。
what_wrong_same | Choose other packs, or another figure. | 请选择其他规则包或更改一个数值。
what_no_answer | No answer | 未能得出结果
what_again | Ask again | 重新提交
what_failed_too_long | It took too long; choose a shorter period. | 用时过长；请缩短期间。
what_failed_broken | It failed; operations find the reason in the log. | 运行失败；原因见日志。
what_told | {} facts replayed in {} s. | 共重放 {} 条事实，用时 {} 秒。
what_part | The ledger is large: replayed were the streams on which something happened in the period; figures of all that somebody holds may differ. | 账本较大：仅重放期间内有活动的事件流；涉及全部持有客户的指标可能有出入。
what_by_clause | Clause by clause | 按条款
what_pairs | As it is in force → as it would have been; those that differ come first. | 现行 → 假设；有差异者在前。
what_nothing | No rule fired in the period | 期间内没有规则触发
what_nothing_do | Choose a period in which something happened. | 请选择有活动的期间。
what_only_ours | Only under the rules in force | 仅在现行规则下
what_only_theirs | Only under the other rules | 仅在假设规则下
what_none_differs | Nothing. | 无。
what_listed | The first {} are listed. | 仅列出前 {} 条。
"""
