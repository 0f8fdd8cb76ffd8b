"""Texts of the search for complaints."""

ROWS = """
search_title | Complaints | 投诉
search_words | Words of the summary, or an id | 摘要词语或编号
search_words_hint | Words, two or more Chinese characters, or an id such as C-1 | 词语、两个以上汉字，或编号（如 C-1）
search_go | Search | 查找
search_status | Status | 状态
search_kind | Kind | 性质
search_kind_complaint | complaint | 投诉
search_kind_appeal | appeal | 申诉
search_kind_inquiry | inquiry | 咨询
search_major | Major | 重大
search_overdue | Overdue | 逾期
search_urgent | Urgent | 紧急
search_customer | Customer | 客户
search_handler | Handler | 经办人
search_branch | Branch | 分支
search_category | Category | 类别
search_channel | Channel | 渠道
search_root_cause | Root cause | 根本原因
search_resolved | Resolved | 已解决
search_reopened | Reopened | 曾重新打开
search_counted | Counted in figures | 计入统计
search_from | Received from | 受理起
search_to | Received to | 受理止
search_received | Received | 受理时间
search_complaint | Complaint | 投诉
search_without | without {} | 去掉 {}
search_clear | Clear all | 全部清除
search_none | No complaint fits | 没有符合的投诉
search_none_do | Take a filter away, or search for fewer words. | 请减少筛选条件或词语。
search_end | These are all on this page; more may follow on the next. | 本页已尽；下一页可能还有。
search_bad_cursor | This page of the search is no more; begin anew. | 该页已失效，请重新查找。
search_overdue_n | {} overdue | {} 项逾期
search_more_filters | More filters | 更多筛选
"""
