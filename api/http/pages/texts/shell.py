"""Texts of the frame around every page: navigation, switches, states, keyboard."""

ROWS = """
product | Huiyin | 回音
tagline | Every matter settled, every complaint answered | 件件有落实，事事有回音
other_language | 中文 | English
skip | Skip to content | 跳到正文
menu | Menu | 菜单
pages | Pages | 页面
page_now | Now | 当前
page_search | Complaints | 投诉
page_satisfaction | Satisfaction | 满意度
page_visits | Visits | 拜访
page_ownership | Ownership | 归属
page_rankings | Rankings | 排名
page_rules | Rules | 规则
page_audit | Audit | 审计
page_login | Sign in | 登录
docs | API | 接口
docs_title | HTTP interface | HTTP 接口
theme | Colours | 配色
theme_system | Colours: as the system | 配色：跟随系统
theme_light | Colours: light | 配色：浅色
theme_dark | Colours: dark | 配色：深色
keys | Keyboard | 快捷键
keys_title | Keyboard shortcuts | 键盘快捷键
keys_help | This list | 显示本列表
keys_search | Find a complaint | 查找投诉
keys_theme | Change colours | 切换配色
keys_next | Next alert | 下一条告警
keys_previous | Previous alert | 上一条告警
keys_open | Open what has the focus | 打开所选
keys_acknowledge | Acknowledge it | 确认该告警
keys_go | then: go to a page | 再按字母：前往页面
close | Close | 关闭
cancel | Cancel | 取消
failed | That did not work. | 操作未成功。
loading | Loading… | 加载中…
show | Show | 查看
more | Show more | 显示更多
first_page | First page | 首页
next_page | Next page | 下一页
all | All | 全部
yes | yes | 是
no | no | 否
sign_out | Sign out | 退出登录
signed_in | {} · {} | {} · {}
role_admin | administrator | 管理员
role_ops | operations | 运营
role_auditor | auditor | 审计
role_rule_author | rule author | 规则编写
role_upstream | upstream system | 上游系统
login_title | Sign in | 登录
login_lead | Enter the key that you were given. It stays in this browser until you sign out. | 请输入您的密钥。登录状态保留在本浏览器中，直至退出。
login_key | Key | 密钥
login_go | Sign in | 登录
login_where | A key is made with <code>huiyin keys api new</code>; <code>huiyin up</code> prints one for each role when it first starts. | 密钥由 <code>huiyin keys api new</code> 生成；<code>huiyin up</code> 首次启动时为每个角色打印一个。
login_failed | This key is not known, or was withdrawn. | 密钥无效或已撤销。
denied_title | Not for your role | 您的角色无权查看
denied_do | Ask an administrator for a key of a role that may see this, or go back to what you may see. | 请向管理员申请有权角色的密钥，或返回您可查看的页面。
signed_out_title | Please sign in | 请先登录
signed_out_do | What is here is for people with a key. | 此处内容仅供持有密钥的人员查看。
away_title | The database cannot be reached | 无法连接数据库
away_do | Nothing is lost: facts wait until it is back. This page tries again by itself. | 数据不会丢失：事实会等待恢复。本页会自动重试。
missing_title | There is nothing here | 此处没有内容
missing_do | Check the address, or look for it among the complaints. | 请检查地址，或在投诉中查找。
wrong_title | That cannot be shown | 无法显示
wrong_do | Go back, or begin anew from the first page. | 请返回，或从首页重新开始。
broken_title | We made a mistake | 系统内部错误
broken_do | It was logged. Try again; if it stays, tell operations. | 已记录日志。请重试；若仍出现，请联系运维。
home | To the first page | 返回首页
documentation | The HTTP interface | HTTP 接口
parameters | Parameters | 参数
responses | Answers | 响应
problems | Problems | 问题类型
required | required | 必填
total | All answers | 全部答复
answers | {} answers | {} 份答复
satisfied | satisfied | 满意
dissatisfied | dissatisfied | 不满意
mean | mean score | 平均分
points | {:+.0f} points | {:+.0f} 个百分点
no_answers | Nobody has answered yet. | 尚无答复。
satisfaction | Satisfaction | 满意度
unavailable | The database cannot be reached; this page will retry. | 无法连接数据库；本页会自动重试。
"""
