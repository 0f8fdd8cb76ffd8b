"""Texts of the pages of figures: satisfaction, visits, rankings, and the lists that numbers lead to."""

ROWS = """
fig_window | Window | 区间
fig_day | Day | 日
fig_week | Week | 周
fig_month | Month | 月
fig_quarter | Quarter | 季
fig_before | the window before | 上一区间
fig_after | the window after | 下一区间
fig_points | percentage points | 个百分点
fig_all_rows | Show the other {} | 显示其余 {} 行
fig_back | Back | 返回
fig_none_said | not said | 未说明
sat_by | By | 按
sat_per_total | All answers | 全部答复
sat_per_staff | Staff | 员工
sat_per_branch | Branch | 分支
sat_per_category | Category | 类别
sat_per_channel | Channel | 渠道
sat_per_survey | Survey | 问卷
sat_per_stage | Stage | 阶段
sat_none | Nobody was asked or answered yet | 尚无询问或答复
sat_none_do | Figures appear with the first feedback.given, or when customers are asked. | 收到首份反馈（feedback.given）或询问客户后，此处显示汇总。
sat_none_cut | No answer names one. | 没有答复涉及此项。
sat_satisfied | satisfied | 满意
sat_dissatisfied | dissatisfied | 不满意
sat_answers | answers | 答复
sat_asked | asked | 已询问
sat_scored | with a score | 有评分
sat_change | change | 变化
sat_before | from {} answers | 前期 {} 份答复
sat_mean | mean score | 平均分
sat_share | share satisfied | 满意率
sat_of_answers | answers it is of | 所依据的答复数
sat_point | {}: {} satisfied, {} of {} answers | {}：满意率 {}，{}/{} 份答复
sat_falling | Falling now | 正在下降
sat_falling_is | At least 20 answers in both windows, and 10 points or more below the one before. | 两个区间均不少于 20 份答复，且较上一区间下降 10 个百分点以上。
sat_falls | falling | 下降
sat_by_each | By {} | 按{}
sat_course | Course | 走势
sat_windows | Window by window | 各区间
beh_answers | Asked and answered | 询问与答复
beh_violations | Broken rules | 违规
beh_breaches | Not met in time | 逾期
beh_obligations | Obligations | 义务
beh_filter_state | State | 状态
beh_filter_opened_since | Opened from | 产生自
beh_filter_opened_until | Opened before | 产生早于
beh_escalations | Escalations | 升级
beh_kpis | Missed figures | 未达标指标
beh_visits | Visits | 走访
beh_none | Nothing fits | 没有符合条件的记录
beh_none_do | It may have been withdrawn since, or the filters are too narrow. | 记录可能已撤销，或筛选条件过窄。
beh_col_at | When | 时间
beh_col_stream | About | 事项
beh_col_verdict | Verdict | 结论
beh_col_score | Score | 评分
beh_col_staff | Staff | 员工
beh_col_branch | Branch | 分支
beh_col_category | Category | 类别
beh_col_channel | Channel | 渠道
beh_col_survey | Survey | 问卷
beh_col_stage | Stage | 阶段
beh_col_clause | Rule | 规则
beh_col_code | Code | 代码
beh_col_withdrawn | Withdrawn | 撤销
beh_col_due | Due | 到期
beh_col_state | State | 状态
beh_col_done | Done | 履行
beh_col_level | Level | 级次
beh_col_told | Told | 通知对象
beh_col_severity | Severity | 级别
beh_col_status | Status | 状态
beh_col_taken_by | Acknowledged by | 确认人
beh_col_window | Window | 区间
beh_col_dimension | Of | 对象
beh_col_value | Value | 数值
beh_col_threshold | Threshold | 阈值
beh_col_missed | Still missed | 仍未达标
beh_col_planned_for | Planned for | 计划日
beh_col_became | Outcome | 结果
beh_col_started | Started | 开始
beh_col_summarised | Summed up | 小结
beh_col_manager | Manager | 客户经理
beh_col_customer | Customer | 客户
beh_col_mode | Mode | 方式
beh_satisfied | satisfied | 满意
beh_dissatisfied | dissatisfied | 不满意
beh_neither | neither | 一般
beh_asked | {} asked | 询问 {} 户
beh_restated | no, restated | 否，已重算
beh_state_open | open | 未结
beh_state_met | met | 已履行
beh_state_breached | not done yet | 尚未履行
beh_state_done_late | done late | 逾期后履行
beh_state_withdrawn | withdrawn | 已撤销
beh_visit_made | made | 已完成
beh_visit_excepted | excepted | 例外
beh_visit_running | day still runs | 当日未结束
beh_visit_missed | missed | 未走访
beh_visit_unplanned | unplanned | 计划外
beh_became_made | made | 已完成
beh_became_excepted | excepted | 例外
beh_became_running | day still runs | 当日未结束
beh_became_missed | missed | 未走访
beh_became_unplanned | unplanned | 计划外
beh_mode_on_site | on site | 现场
beh_mode_phone | phone | 电话
beh_mode_network | network | 网络
beh_counted_asked | asked | 已询问
beh_counted_answered | all answers | 全部答复
beh_counted_scored | with a score | 有评分
beh_counted_rated | with a score or verdict | 有评分或结论
beh_counted_satisfied | satisfied | 满意
beh_counted_dissatisfied | dissatisfied | 不满意
beh_filter_counted | Counted | 计入
beh_filter_subject | About | 事项
beh_filter_since | From | 自
beh_filter_until | Before | 早于
beh_filter_staff | Staff | 员工
beh_filter_handler | Handler | 经办人
beh_filter_whose | Counts against | 记在名下
beh_filter_branch | Branch | 分支
beh_filter_category | Category | 类别
beh_filter_channel | Channel | 渠道
beh_filter_survey | Survey | 问卷
beh_filter_stage | Stage | 阶段
beh_filter_kind | Kind | 类型
beh_filter_clause | Rule | 规则
beh_filter_detail | Code | 代码
beh_filter_withdrawn | Withdrawn | 已撤销
beh_filter_outstanding | Still not done | 仍未履行
beh_filter_breached_since | Breached from | 逾期自
beh_filter_breached_until | Breached before | 逾期早于
beh_filter_severity | Severity | 级别
beh_filter_status | Status | 状态
beh_filter_kpi | Figure | 指标
beh_filter_window | Window | 区间
beh_filter_missed | Still missed | 仍未达标
beh_filter_manager | Manager | 客户经理
beh_filter_customer | Customer | 客户
beh_filter_mode | Mode | 方式
beh_filter_became | Outcome | 结果
beh_filter_planned | Planned | 有计划
beh_filter_over | Day over | 计划日已过
beh_filter_moved | Moved | 已改期
beh_filter_photo | With a photo | 有照片
beh_filter_summarised | Summed up | 已小结
beh_filter_planned_from | Planned from | 计划日起
beh_filter_planned_to | Planned to | 计划日止
vis_everybody | everybody | 全部
vis_none | Nobody held a customer or had a visit in {} | {} 内无人持有客户或有走访
vis_none_do | Choose another window; visits come as visit.planned and visit.started. | 请选择其他区间；走访由 visit.planned、visit.started 上报。
vis_completed | planned visits made | 计划走访完成率
vis_made | made on their day | 当日完成
vis_planned | planned, day over | 计划（已过日期）
vis_missed | missed | 未走访
vis_excepted | excepted | 例外
vis_no_photo | no photo | 无照片
vis_running | day still runs | 当日未结束
vis_moved | moved | 改期
vis_visits | visits started | 已开始走访
vis_summarised | summed up | 已小结
vis_summed | summed up, of visits | 小结/走访
vis_without | {} without | 缺 {}
vis_unplanned | unplanned customers | 计划外客户
vis_on_site | on site, of held | 现场走访占持有
vis_hours | hours a day | 日均小时
vis_days | {} days | {} 天
vis_checks | spot checks | 抽查
vis_failed | {} failed | {} 次不实
vis_violations | violations | 违规
vis_breaches | breaches | 逾期
vis_share | share of planned visits made on their day | 计划走访当日完成率
vis_of_plans | plans whose day is over | 已过日期的计划数
vis_point | {}: {} made, {} of {} | {}：完成率 {}，{}/{}
vis_by_manager | By manager | 按客户经理
vis_note | A plan belongs to the day it was last set for, a visit to the day it started. Everybody's sums count a customer once for each manager. | 计划归属其最后确定之日，走访归属其开始之日。合计中同一客户按客户经理分别计数。
rank_title | Ranking of managers, {} | 客户经理排名，{}
rank_none | Nobody to rank in this quarter | 本季度无可排名人员
rank_none_do | Managers are who holds a customer or has a visit in the quarter. | 本季度持有客户或有走访者为客户经理。
rank_is | The weighted mean of the parts, each from 0 to 1: | 各分项（0 至 1）的加权平均：
rank_no_weights | the packs in force give no weights. | 现行规则包未规定权重。
rank_score | Score | 得分
rank_points | Value | 分值
rank_satisfaction | Satisfaction | 满意度
rank_completion | Visits made | 走访完成
rank_breaches | Breaches | 逾期
rank_violations | Violations | 违规
rank_pareto | Where problems concentrate | 问题集中度
rank_what | What | 内容
rank_of_complaints | Complaints | 投诉
rank_of_breaches | Breaches | 逾期
rank_of_violations | Violations | 违规
rank_per_manager | Manager | 客户经理
rank_per_root_cause | Root cause | 根本原因
rank_pareto_none | Nothing of this kind in the quarter | 本季度没有此类问题
rank_pareto_none_do | Choose another quarter, or another kind of problem. | 请选择其他季度或其他类型。
rank_vital | {} make 80 % of all {}. | 共 {} 项合占全部 {} 起的八成。
rank_name | Name | 名称
rank_count | Number | 数量
rank_share | Share | 占比
rank_shares | Share, and running total (line); the dashes mark 80 % | 占比与累计（折线）；虚线为 80 %
rank_cumulative | Running total | 累计
rank_is_vital | vital few | 关键少数
rank_rest | {} more make the other {} %. | 其余 {} 项合占 {} %。
rank_kpis | Figures and their limits | 指标与阈值
rank_kpis_none | The packs in force ask for no figures | 现行规则包没有指标
rank_kpis_none_do | A figure is a row [[kpi]] in a pack. | 指标为规则包中的 [[kpi]] 行。
rank_kpi | Figure | 指标
rank_limit | Limit | 阈值
rank_every | Measured each | 统计周期
rank_misses | Misses | 未达标
rank_whose | Whose | 涉及
rank_nobody | nobody | 无
"""
