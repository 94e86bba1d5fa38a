"""What a row of the ledger may say was done: each tag once, with its meaning and how long it stays.

A tag is ``room:verb``. One that isn't declared here is refused, so that the auditor meets no word
that nobody explains. `Keep` says by which rule a row's contents may be purged.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gridserver.base.keeping import Keep

_GRAMMAR = re.compile(r"[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*")


_P, _O, _L = Keep.PERSONAL, Keep.OPERATION, Keep.LEDGER


class Tag(StrEnum):
    """The tags, by room. `zh` and `en` say what was done."""

    keep: Keep
    zh: str
    en: str

    # Who may do what
    ACCESS_POLICY = "access:policy", _O, "修改登录规则", "changed the rules of signing in"
    ACCOUNT_ADD = "account:add", _O, "新建账号", "added an account"
    ACCOUNT_APPOINT = "account:appoint", _L, "授予审计员角色", "appointed an auditor"
    ACCOUNT_BIND = "account:bind", _O, "绑定统一身份", "bound an account to its person's identity"
    ACCOUNT_DISABLE = "account:disable", _O, "停用账号", "disabled an account"
    ACCOUNT_GRANT = "account:grant", _O, "授予角色", "granted a role"
    ACCOUNT_OPEN = "account:open", _O, "解除登录锁定", "opened an account that was shut"
    ACCOUNT_PASSWD = "account:passwd", _O, "设置密码", "set a password"
    ACCOUNT_RENAME = "account:rename", _O, "修改显示名称", "renamed an account"
    ACCOUNT_REVOKE = "account:revoke", _O, "收回角色", "took back a role"
    ACCOUNT_UNBIND = "account:unbind", _O, "解除统一身份绑定", "loosened an account's identity"
    DEVICE_ADMIT = "device:admit", _O, "恢复设备使用", "admitted a device again"
    DEVICE_CODE = "device:code", _O, "生成终端登记码", "made a code to enrol a device"
    DEVICE_ENROL = "device:enrol", _O, "登记终端", "enrolled a device"
    DEVICE_ENROL_REFUSED = "device:enrol_refused", _O, "终端登记被拒", "could not enrol a device"
    DEVICE_FORGET = "device:forget", _O, "删除设备登记", "forgot a device"
    DEVICE_REVOKE = "device:revoke", _O, "吊销设备", "revoked a device"
    DEVICE_WIPED = "device:wiped", _O, "设备已清除数据", "a device reported that it wiped itself"
    FACTOR_CODES = "factor:codes", _O, "生成备用码", "made recovery codes"
    FACTOR_ENROL = "factor:enrol", _O, "登记第二因素", "enrolled a second factor"
    FACTOR_RECOVERY = "factor:recovery", _O, "使用备用码", "used a recovery code"
    FACTOR_REMOVE = "factor:remove", _O, "移除第二因素", "removed a second factor"
    FACTOR_RESET = "factor:reset", _O, "重置第二因素", "reset another's second factors"
    SESSION_END = "session:end", _O, "退出登录", "signed out"
    SESSION_LOCK = "session:lock", _O, "锁定工作台", "locked a desk"
    SESSION_OPEN = "session:open", _O, "登录", "signed in"
    SESSION_REFUSED = "session:refused", _O, "登录被拒", "was refused to sign in"
    SESSION_REVOKE = "session:revoke", _O, "收回令牌", "took back a token"
    SESSION_TOKEN = "session:token", _O, "签发令牌", "issued a token"
    SESSION_UNLOCK = "session:unlock", _O, "解锁工作台", "unlocked a desk"
    SESSION_WALL = "session:wall", _O, "转为大屏", "put up a wall"

    # The force
    ABSENCE_CHANGE = "absence:change", _O, "修改请假", "changed an absence"
    ABSENCE_REMOVE = "absence:remove", _O, "删除请假", "removed an absence"
    ABSENCE_SET = "absence:set", _O, "登记请假", "set an absence"
    CALENDAR_FILL = "calendar:fill", _O, "填充节假日", "filled the calendar"
    CALENDAR_SET = "calendar:set", _O, "调整工作日", "set a day of the calendar"
    FIELD_UNIT_ADD = "field_unit:add", _O, "新建机动单元", "added a field unit"
    FIELD_UNIT_CHANGE = "field_unit:change", _O, "修改机动单元", "changed a field unit"
    FIELD_UNIT_CREW = "field_unit:crew", _O, "调整车组人员", "changed a crew"
    LEADERSHIP_APPOINT = "leadership:appoint", _O, "任命负责人", "appointed a leader"
    LEADERSHIP_END = "leadership:end", _O, "免去负责人", "ended a leadership"
    OFFICER_ADD = "officer:add", _O, "新增民警", "added an officer"
    OFFICER_CHANGE = "officer:change", _O, "修改民警信息", "changed an officer"
    OFFICER_TRANSFER = "officer:transfer", _O, "调动民警", "transferred an officer"
    OWNERSHIP_ASSIGN = "ownership:assign", _O, "分配网格责任", "assigned a cell"
    OWNERSHIP_END = "ownership:end", _O, "终止网格责任", "ended the ownership of a cell"
    PATTERN_ADD = "pattern:add", _O, "新建班制", "added a roster pattern"
    PATTERN_CHANGE = "pattern:change", _O, "修改班制", "changed a roster pattern"
    PATTERN_REMOVE = "pattern:remove", _O, "删除班制", "removed a roster pattern"
    POST_SET = "post:set", _O, "设置岗位", "set a post"
    ROSTER_MAKE = "roster:make", _O, "生成排班", "made a roster"
    SHIFT_ADD = "shift:add", _O, "新增班次", "added a shift"
    SHIFT_CHANGE = "shift:change", _O, "修改班次", "changed a shift"
    SHIFT_REMOVE = "shift:remove", _O, "删除班次", "removed a shift"
    SHIFT_SET = "shift:set", _O, "导入班次", "set shifts"
    SWAP_AGREE = "swap:agree", _O, "同意换班", "agreed to a swap"
    SWAP_CONSENT = "swap:consent", _O, "批准换班", "consented to a swap"
    SWAP_DECLINE = "swap:decline", _O, "拒绝换班", "declined a swap"
    SWAP_LAPSE = "swap:lapse", _O, "换班失效", "a swap lapsed"
    SWAP_PROPOSE = "swap:propose", _O, "申请换班", "proposed a swap"
    SWAP_WITHDRAW = "swap:withdraw", _O, "撤回换班", "withdrew a swap"
    UNIT_ADD = "unit:add", _O, "新建单位", "added a unit"
    UNIT_CHANGE = "unit:change", _O, "修改单位", "changed a unit"

    # The grid, places and roads
    GRID_CHECK = "grid:check", _O, "检查网格", "checked a grid"
    GRID_COPY = "grid:copy", _O, "复制网格版本", "copied a grid version"
    GRID_EDIT = "grid:edit", _O, "编辑网格", "edited a draft"
    GRID_END = "grid:end", _O, "网格版本到期", "a grid version ended"
    GRID_EXCLUDE = "grid:exclude", _O, "排除区域", "excluded an area"
    GRID_IMPORT = "grid:import", _O, "导入网格", "imported a grid"
    GRID_INCLUDE = "grid:include", _O, "取消排除区域", "included an area again"
    GRID_NEIGHBOURS = "grid:neighbours", _O, "设置相邻县局", "set the neighbouring bureaus"
    GRID_PUBLISH = "grid:publish", _O, "发布网格", "published a grid"
    GRID_REDO = "grid:redo", _O, "重做编辑", "redid an edit"
    GRID_REHEARSE = "grid:rehearse", _O, "试算新网格", "rehearsed a grid"
    GRID_RETIRE = "grid:retire", _O, "停用网格版本", "retired a grid version"
    GRID_SETTINGS = "grid:settings", _O, "修改网格设置", "changed the grid's settings"
    GRID_UNDO = "grid:undo", _O, "撤销编辑", "undid an edit"
    PLACE_ADD = "place:add", _O, "新增地点", "added a place"
    PLACE_CHANGE = "place:change", _O, "修改地点", "changed a place"
    PLACE_IMPORT = "place:import", _O, "导入地点", "imported places"
    PLACE_RESTORE = "place:restore", _O, "恢复地点", "restored a place"
    PLACE_RETIRE = "place:retire", _O, "停用地点", "retired a place"
    ROADS_SET = "roads:set", _O, "更新道路", "set the roads"

    # Incidents and tasks
    ALARM_SILENCE = "alarm:silence", _O, "静音告警", "silenced an alarm"
    ATTACHMENT_ACCEPT = "attachment:accept", _P, "接收附件", "an attachment was accepted"
    ATTACHMENT_READ = "attachment:read", _P, "查看附件", "looked at an attachment"
    ATTACHMENT_REFUSE = "attachment:refuse", _P, "拒收附件", "an attachment was refused"
    CAPTURE_ACCEPT = "capture:accept", _P, "采纳采集", "accepted a capture"
    CAPTURE_DECLINE = "capture:decline", _P, "不采纳采集", "declined a capture"
    CAPTURE_DISPATCH = "capture:dispatch", _P, "隐患转为任务", "a hazard became a task"
    CAPTURE_TAKE = "capture:take", _P, "上报采集", "sent a capture"
    INCIDENT_IMPORT = "incident:import", _P, "导入历史警情", "imported past incidents"
    INCIDENT_LOOK = "incident:look", _P, "查看警情", "looked at an incident"
    INCIDENT_PRINT = "incident:print", _P, "打印接处警登记表", "printed an incident"
    INCIDENT_REPORT = "incident:report", _P, "接报警情", "took a report"
    INCIDENT_SEARCH = "incident:search", _P, "检索警情", "looked through incidents"
    MOBILISATION_END = "mobilisation:end", _O, "结束战时状态", "ended a mobilisation"
    MOBILISATION_ORDER = "mobilisation:order", _O, "启动战时状态", "ordered a mobilisation"
    NORMS_CHANGE = "norms:change", _O, "修改派警规则", "changed the dispatch tables"
    NORMS_DRY_RUN = "norms:dry_run", _O, "试算派警规则", "tried the dispatch tables"
    NORMS_TAKE_BACK = "norms:take_back", _O, "撤回规则变更", "took back a planned change"
    ORDER_ANSWER = "order:answer", _P, "答复指令", "answered an order"
    ORDER_CLOSE = "order:close", _P, "办结指令", "closed an order"
    ORDER_ISSUE = "order:issue", _P, "下达指令", "issued an order"
    ORDER_READ = "order:read", _P, "阅读指令", "read an order"
    ORDER_RECALL = "order:recall", _P, "撤回指令", "recalled an order"
    ORDER_REMIND = "order:remind", _P, "催办指令", "reminded of an order"
    PLAYBACK_OPEN = "playback:open", _P, "回放轨迹", "played back a time"
    TASK_ANSWER = "task:answer", _P, "移交部门答复", "another agency answered"
    TASK_ARRIVE = "task:arrive", _P, "到达现场", "arrived"
    TASK_CALL_SUPPORT = "task:call_support", _P, "请求增援", "called for support"
    TASK_CANCEL = "task:cancel", _P, "取消任务", "cancelled a task"
    TASK_CLOSE = "task:close", _P, "办结任务", "closed a task"
    TASK_DEPART = "task:depart", _P, "出发", "set out"
    TASK_ESCALATE = "task:escalate", _P, "超时升级", "escalated a task"
    TASK_HAND_OVER = "task:hand_over", _P, "移交其他部门", "handed a task over"
    TASK_LINK = "task:link", _P, "关联警情", "linked a task"
    TASK_REASSIGN = "task:reassign", _P, "改派任务", "reassigned a task"
    TASK_REPORT = "task:report", _P, "反馈", "reported back"
    TASK_REROUTE = "task:reroute", _P, "按新网格改派", "rerouted a task for a new grid"
    TASK_RETURN = "task:return", _P, "退回任务", "returned a task"
    TASK_SEND_BACK = "task:send_back", _P, "退回补充", "sent a report back"
    TASK_SIGN = "task:sign", _P, "签收", "signed a task"

    # Bulletins
    BULLETIN_APPROVE = "bulletin:approve", _P, "批准协查通报", "approved a bulletin"
    BULLETIN_CONFIRM = "bulletin:confirm", _P, "核实线索属实", "confirmed a sighting"
    BULLETIN_DROP = (
        "bulletin:drop",
        _P,
        "通报结束，线索未经核实",
        "a bulletin ended before a sighting was answered",
    )
    BULLETIN_EDIT = "bulletin:edit", _P, "修改协查通报草稿", "changed a bulletin's draft"
    BULLETIN_ESCALATE = (
        "bulletin:escalate",
        _P,
        "线索逾时未核实，自动上报",
        "escalated a sighting that nobody answered",
    )
    BULLETIN_EXPIRE = "bulletin:expire", _P, "协查通报到期", "a bulletin expired"
    BULLETIN_EXPORT = "bulletin:export", _P, "导出一份协查通报（CAP）", "exported a bulletin as CAP"
    BULLETIN_EXPORT_END = (
        "bulletin:export_end",
        _P,
        "导出协查通报终止消息（CAP）",
        "exported a bulletin's end as CAP",
    )
    BULLETIN_FETCH = "bulletin:fetch", _P, "终端接收协查通报", "a terminal was given a bulletin"
    BULLETIN_IMPORT = "bulletin:import", _P, "导入协查通报（CAP）", "took a bulletin from CAP"
    BULLETIN_ISSUE = "bulletin:issue", _P, "发布协查通报", "issued a bulletin"
    BULLETIN_LAPSE = "bulletin:lapse", _P, "逾时未批准，自动撤回", "a bulletin lapsed unapproved"
    BULLETIN_LOOK = "bulletin:look", _P, "查看协查通报内容", "looked at a bulletin's contents"
    BULLETIN_LOOK_CELLS = (
        "bulletin:look_cells",
        _P,
        "查看协查通报各网格接收情况",
        "looked at where a bulletin was read",
    )
    BULLETIN_LOOK_SIGHTINGS = (
        "bulletin:look_sightings",
        _P,
        "查看协查线索",
        "looked at a bulletin's sightings",
    )
    BULLETIN_PROMISE = "bulletin:promise", _P, "告知核实时限", "said when a sighting is answered"
    BULLETIN_PURGE = "bulletin:purge", _P, "到期清除协查通报内容", "purged a bulletin's contents"
    BULLETIN_READ = "bulletin:read", _P, "在终端阅读协查通报", "read a bulletin on a terminal"
    BULLETIN_REFUTE = "bulletin:refute", _P, "核实线索不属实", "refuted a sighting"
    BULLETIN_REMOVED = "bulletin:removed", _P, "终端已清除协查通报", "a terminal removed a bulletin"
    BULLETIN_RENEW = "bulletin:renew", _P, "延长协查通报", "renewed a bulletin"
    BULLETIN_RESOLVE = "bulletin:resolve", _P, "办结协查通报", "resolved a bulletin"
    BULLETIN_SEND_AT_ONCE = (
        "bulletin:send_at_once",
        _P,
        "紧急先行发布协查通报",
        "sent a bulletin at once",
    )
    BULLETIN_SIGHT = "bulletin:sight", _P, "上报协查线索", "wrote a sighting"
    BULLETIN_VALIDATE = "bulletin:validate", _P, "复核协查通报", "validated a bulletin"
    BULLETIN_WITHDRAW = "bulletin:withdraw", _P, "撤回协查通报", "withdrew a bulletin"
    BULLETIN_WRITE = "bulletin:write", _P, "起草协查通报", "wrote a bulletin"

    # Reading, reviewing, figures
    EXPORT_WRITE = "export:write", _P, "导出表格", "exported a table"
    FIGURES_EXPORT = "figures:export", _P, "导出统计", "exported figures"
    FIGURES_LOAD = "figures:load", _P, "查看民警工作量", "looked at officers' load"
    FIGURES_OFFICER = "figures:officer", _P, "查看民警明细", "looked at an officer's figures"
    HANDOVER_GIVE = "handover:give", _P, "交班", "gave over the watch"
    HANDOVER_TAKE = "handover:take", _P, "接班", "took over the watch"
    LOG_READ = "log:read", _P, "查看警务日志", "read an officer's day log"
    REVIEW_BEGIN = "review:begin", _P, "发起复盘", "began a review"
    REVIEW_LEARN = "review:learn", _P, "记录复盘教训", "noted a lesson"
    REVIEW_LOOK = "review:look", _P, "查看复盘", "looked at a review"
    REVIEW_REMARK = "review:remark", _P, "复盘备注", "remarked on a review"
    REVIEW_SEND_BACK = "review:send_back", _P, "退回复盘", "sent a review back"
    REVIEW_SETTLE = "review:settle", _P, "落实复盘教训", "settled a lesson"
    REVIEW_SIGN_OFF = "review:sign_off", _P, "签批复盘", "signed a review off"
    REVIEW_SUBMIT = "review:submit", _P, "提交复盘", "submitted a review"

    # Other agencies
    EXCHANGE_ADD_PARTNER = "exchange:add_partner", _O, "新增对接单位", "added a partner"
    EXCHANGE_COME_AGAIN_REJECT = (
        "exchange:come_again_reject",
        _P,
        "退件再次到达",
        "a reject came again",
    )
    EXCHANGE_DELIVER = "exchange:deliver", _P, "外发送达", "delivered a letter"
    EXCHANGE_DISMISS_REJECT = "exchange:dismiss_reject", _P, "忽略退件", "dismissed a reject"
    EXCHANGE_EDIT_PARTNER = "exchange:edit_partner", _O, "修改对接单位", "changed a partner"
    EXCHANGE_FAIL = "exchange:fail", _P, "外发失败", "failed to deliver a letter"
    EXCHANGE_GIVE_UP = "exchange:give_up", _P, "放弃外发", "gave a letter up"
    EXCHANGE_MAP = "exchange:map", _O, "修改字段映射", "changed a mapping"
    EXCHANGE_PULL = "exchange:pull", _O, "设置视图读取", "set the reading of a view"
    EXCHANGE_READ_REJECT = "exchange:read_reject", _P, "查看退件", "read a reject"
    EXCHANGE_RETRY = "exchange:retry", _P, "重新外发", "had a letter sent again"
    EXCHANGE_TAKE_REJECT = "exchange:take_reject", _P, "受理退件", "took a reject"

    # The installation and the ledger itself
    AUDIT_EXPORT = "audit:export", _L, "导出审计记录", "exported the ledger"
    AUDIT_PROVE = "audit:prove", _L, "出具存证证明", "had a row proven"
    AUDIT_PURGE = "audit:purge", _L, "到期清除审计内容", "purged rows that were due"
    AUDIT_READ = "audit:read", _L, "查阅审计记录", "looked at the ledger"
    AUDIT_RENEW_KEY = "audit:renew_key", _L, "更换审计签名密钥", "renewed the ledger's key"
    INSTALLATION_RESTORE = "installation:restore", _L, "恢复备份", "restored a backup"

    def __new__(cls, value: str, keep: Keep = Keep.PERSONAL, zh: str = "", en: str = "") -> Tag:
        if not _GRAMMAR.fullmatch(value):
            raise ValueError(f"{value!r} is no tag: room:verb, in lower case")
        self = str.__new__(cls, value)
        self._value_ = value
        self.keep, self.zh, self.en = keep, zh, en
        return self

    @classmethod
    def of(cls, room: str, verb: str) -> Tag:
        """Return the tag of a lifecycle's verb. Raises `ValueError` where it isn't declared."""
        return cls(f"{room}:{verb}")

    @classmethod
    def _missing_(cls, value: object) -> Tag:
        raise ValueError(f"{value!r} is no declared tag: add it to gridserver/audit/tags.py")

    @property
    def room(self) -> str:
        return self.partition(":")[0]
