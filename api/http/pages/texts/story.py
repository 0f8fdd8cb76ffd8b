"""Texts of a stream's page: what happened, what followed, what is owed, and what proves it."""

ROWS = """
history | History | 历史
history_of | History of {} | {} 的历史
fact | fact | 事实
follows | follows by rule | 依规则产生
learned | learned {} | 获知于 {}
rule | Rule | 规则
source | Source | 依据
because | Because | 理由
actor | By | 行为人
as_of | As things were at | 回到某时
known_at | As known at | 按某时所知
events_shown | {} events | {} 条事件
nothing_then | Nothing had happened, or was known, by then. | 届时尚无任何记录。
formats | Also as | 其他格式
state | State | 状态
back | Dashboard | 看板
open_stream | Open a history | 打开历史
example_stream | complaint/C-1 | complaint/C-1
rewound | as it was then | 当时的情形
"""
