"""Texts of the first page: alerts, what is due next, how the pipeline does."""

ROWS = """
alerts | Alerts | 告警
alerts_none | Nothing needs you now | 目前没有需要处理的事项
alerts_none_do | New alerts appear here by themselves, within a second. | 新告警会在一秒内自动出现在此处。
alerts_filtered | No alert fits these filters | 没有符合筛选条件的告警
alerts_filtered_do | Widen the filters to see the rest. | 放宽筛选条件以查看其他告警。
alerts_open | {} open | {} 项未解除
arrived | New alerts: {} | 新告警：{} 条
filters | Filters | 筛选
clear_filters | Clear filters | 清除筛选
kind | Kind | 类型
escalations | Escalations | 升级
sla | Deadlines | 期限
severity | Severity | 级别
status | Status | 状态
branch | Branch | 分支
role | Role told | 告知岗位
mine | Mine | 我的
mine_of | Only of staff | 仅限员工
live | live | 实时
connecting | connecting… | 连接中…
acknowledge | Acknowledge | 确认
acknowledged | acknowledged | 已确认
acknowledged_by | acknowledged by {} | {} 已确认
staff_id | Your staff id | 您的员工编号
acknowledge_hint | It climbs no further; the duty itself stays open until it is done. | 确认后不再升级；义务本身仍须履行。
firing | firing | 告警中
resolved | resolved | 已解除
current | open | 未解除
info | info | 提示
warning | warning | 警告
high | high | 严重
critical | critical | 紧急
level | level {} | 第 {} 级
ladder | Step {} of {} | 第 {} 级（共 {} 级）
next_level | climbs to {} | 下一级：{}
top_level | top of the ladder | 已到最高级
due | due | 到期
raised | raised | 触发
told | told | 已告知
overdue | overdue | 逾期
overdue_by | {} overdue | 已逾期 {}
left | {} left | 剩余 {}
ago | {} ago | {}前
days | {} d {} h | {} 天 {} 小时
hours | {} h {} min | {} 小时 {} 分
minutes | {} min | {} 分钟
seconds | {} s | {} 秒
measured | {} instead of {} | 实际 {}，应为 {}
upcoming | Due next | 即将到期
upcoming_none | Nothing is owed | 没有未结义务
upcoming_none_do | Obligations appear here when a rule opens them. | 规则产生义务后会显示在此处。
upcoming_chart | What is due in the next {} | 未来 {} 内到期的义务
upcoming_hour | {} due {} | {} 项于 {} 到期
within_day | 24 hours | 24 小时
breaches | Not met in time | 逾期
breaches_none | Nothing was missed | 没有逾期
not_done | not done yet | 尚未履行
done_late | done late | 逾期后履行
withdrawn | withdrawn | 已撤销
warned | due soon | 即将到期
handler | handler | 经办人
pipeline | Pipeline | 处理链路
pipeline_good | All of it is up to date | 全部为最新
pipeline_behind | Behind by {} events | 滞后 {} 个事件
pipeline_lag | read models behind | 读模型滞后
pipeline_dead | dead letters | 死信
pipeline_parked | parked | 待起始
pipeline_outbox | to be published | 待发布
pipeline_clock | clock late | 时钟延迟
pipeline_events | events recorded | 已记录事件
"""
