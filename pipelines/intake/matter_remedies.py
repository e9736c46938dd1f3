"""The remedy for each kind of open matter, one sentence each, for page and mail."""

TO_DO = {
    "refused_file": "县里按回执改正后重报；不用再报的，注明理由后不予处理。",
    "no_county": "请报送人在标题或文件名里写明县（市、区）和月份后重报；不是报表的，不予处理。",
    "unknown_unit": "由市里认定是名册中的哪个单位，或由县里改正后重报。",
    "held_row": "县里按回执改正这些内容后重报；改正前沿用此前已接收的。",
    "warning": "县里改正，或在问题清单的“情况说明”里说明；市里采纳、追问或豁免。",
    "waiting_report": "到时自动计入；已审定的月份须先重开；月份有笔误的，撤回后改正重报。",
    "roster_remark": "市里核对：确是新设的增设为新单位，其余在新版名册或对应关系里改正；办完或不改的，注明理由后不予处理。",
    "month_question": "月份属实的由市里采纳；有笔误的，撤回后改正重报。",
}
