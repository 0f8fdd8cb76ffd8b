"""Texts of the page for auditors."""

ROWS = """
aud_verification | Verification | 校验
aud_verify | Verify the ledger now | 立即校验账本
aud_running | Verifying | 正在校验
aud_running_by | Since {}, started by {}. This page follows by itself. | 自 {} 起，由 {} 启动。本页自动更新。
aud_never | Nobody verified the ledger from here | 尚未在此校验账本
aud_never_do | Verifying holds every event against the tree, and the tree against every signed checkpoint. | 校验将逐一核对事件与默克尔树，以及树与各签名检查点。
aud_sound | nothing altered | 未发现改动
aud_findings | altered | 发现改动
aud_failed | did not finish | 未完成
aud_events | Events | 事件
aud_checkpoints | Checkpoints | 检查点
aud_took | Took | 用时
aud_earlier | Earlier runs | 以往校验
aud_findings_do | Keep the database as it is, and compare with an exported checkpoint: huiyin verify --anchor. | 请保持数据库原状，并与外存的检查点比对：huiyin verify --anchor。
aud_signed | Checkpoints | 检查点
aud_unsigned | No checkpoint was signed | 尚无签名的检查点
aud_unsigned_do | Set HUIYIN_SIGNING_KEY_FILE; then one is signed every minute in which something was recorded. | 设置 HUIYIN_SIGNING_KEY_FILE 后，每分钟有新记录时即签名一次。
aud_last | Last signed | 最近签名
aud_size | Events it holds | 所含事件
aud_since | {} recorded since | 此后新增 {}
aud_root | Root | 根
aud_key | Key | 密钥
aud_note | The signed note | 签名文本
aud_latest | The latest | 最近的检查点
aud_entries | Who read what, what was erased, what passed to other rules | 查阅、删除与规则变更记录
aud_what | What | 内容
aud_by | By | 行为人
aud_why | Why | 理由
aud_source | Source | 依据
aud_personal | personal fields | 含个人信息
aud_approval | approval {} | 审批 {}
aud_read | Reading | 查阅
aud_access | Access | 准入
aud_erased | Erasure | 删除
aud_leaked | Leaks | 泄露
aud_rebased | Policy changes | 规则变更
aud_none | Nothing of this kind is on record | 没有此类记录
aud_none_do | Reading a protected history, a request for access, an erasure and a re-basing each leave a line here. | 查阅受保护的历史、申请查阅、删除个人信息和改用现行规则均在此留痕。
aud_type_history_read | read | 查阅历史
aud_type_document_accessed | document read | 查阅文件
aud_type_document_copied | document copied | 复制文件
aud_type_document_leaked | document leaked | 文件泄露
aud_type_access_requested | access requested | 申请查阅
aud_type_access_granted | access granted | 准许查阅
aud_type_access_denied | access denied | 拒绝查阅
aud_type_customer_erased | erased | 已删除个人信息
aud_type_policy_rebased | other rules | 改用现行规则
"""
