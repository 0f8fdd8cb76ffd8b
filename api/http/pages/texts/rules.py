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
"""
