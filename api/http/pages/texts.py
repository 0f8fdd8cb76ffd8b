"""What the pages say, in English and Simplified Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from api.i18n import Text

_ROWS = """
product | Huiyin | 回音
tagline | Every matter settled, every complaint answered | 件件有落实，事事有回音
other_language | 中文 | English
skip | Skip to content | 跳到正文
alerts | Alerts | 告警
alerts_none | Nothing needs you now. | 目前没有需要处理的事项。
all | All | 全部
escalations | Escalations | 升级
sla | Deadlines | 期限
satisfaction | Satisfaction | 满意度
live | live | 实时
connecting | connecting… | 连接中…
acknowledge | Acknowledge | 确认
acknowledged | acknowledged | 已确认
acknowledged_by | acknowledged by {} | {} 已确认
staff_id | Your staff id | 您的员工编号
cancel | Cancel | 取消
failed | That did not work. | 操作未成功。
firing | firing | 告警中
resolved | resolved | 已解除
info | info | 提示
warning | warning | 警告
high | high | 严重
critical | critical | 紧急
level | level {} | 第 {} 级
next_level | climbs | 下次升级
due | due | 到期
told | told | 已告知
upcoming | Due next | 即将到期
upcoming_none | Nothing is owed. | 没有未结义务。
breaches | Not met in time | 逾期
breaches_none | Nothing was missed. | 没有逾期。
not_done | not done yet | 尚未履行
done_late | done late | 逾期后履行
withdrawn | withdrawn | 已撤销
warned | due soon | 即将到期
handler | handler | 经办人
answers | {} answers | {} 份答复
satisfied | satisfied | 满意
dissatisfied | dissatisfied | 不满意
mean | mean score | 平均分
points | {:+.0f} points | {:+.0f} 个百分点
no_answers | Nobody has answered yet. | 尚无答复。
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
show | Show | 查看
events_shown | {} events | {} 条事件
nothing_then | Nothing had happened, or was known, by then. | 届时尚无任何记录。
formats | Also as | 其他格式
state | State | 状态
back | Dashboard | 看板
docs | API | 接口
documentation | The HTTP interface | HTTP 接口
parameters | Parameters | 参数
responses | Answers | 响应
problems | Problems | 问题类型
required | required | 必填
open_stream | Open a history | 打开历史
example_stream | complaint/C-1 | complaint/C-1
loading | Loading… | 加载中…
unavailable | The database cannot be reached; this page will retry. | 无法连接数据库；本页会自动重试。
total | All answers | 全部答复
"""


def _row(line: str) -> tuple[str, Text]:
    name, en, zh = (part.strip() for part in line.split(" | "))
    return name, Text(en, zh)


TEXTS: Mapping[str, Text] = dict(_row(line) for line in _ROWS.strip().splitlines())
