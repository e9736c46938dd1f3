"""说明: what statuses mean, how to read figures and bounds, how to use the pages."""

import streamlit as st

from dashboards.charts import palette
from dashboards.components import common_parts
from dashboards.front import plain_page
from dashboards.queries import city
from dashboards.text import escape
from pipelines.edition import statuses

MEANINGS = {
    "overdue": "期限已过，仍未达到目标。只有它用红色。",
    "reversing": "比起点还低，或者曾经达标、现在又不达标。",
    "off_track": "走完的不到应走路程的 60%。",
    "lagging": "走完了应走路程的 60% 到 95%。",
    "unproven": "未报或待核实的答案会改变结论：补齐即可定论。",
    "no_data": "应有的单位一个都没有报。",
    "starting": "有数据还不到三个月，快慢尚不能判断。",
    "on_track": "到目前走完了应走路程的 95% 以上。",
    "met": "按最保守的算法（未报的都当作没有）也达到目标。",
    "tracked": "政策没有给出目标，只看变化；或者只在 12 月考核。",
    "not_applicable": "这里没有该指标所指的单位，例如没有城镇社区。",
}
st.subheader("状态", anchor=False)
lines = [{"状态": palette.sign(status), "意思": MEANINGS[status]} for status in statuses.ORDER]
common_parts.lines(lines, {"状态": "状态", "意思": "意思"})
st.subheader("怎样读数字", anchor=False)
st.markdown(
    "- **45.7%（2,274/4,977）**：应有 4,977 个单位，其中 2,274 个具备。分母是名册，不是报上来的数。\n"
    "- **斜纹**：未报或待核实的部分。实际值在斜纹的两端之间，补报之后会落在其中某一点。\n"
    "- **还差 215 个村**：按最保守的算法，再有这么多个具备就达到目标。\n"
    "- **沿用**：当月没有报，借用前两个月内最近一次报数，以 ※ 和条上的竖纹照实标出；再早的不再借用。\n"
    "- **59.96%** 显示为 60.0%，但没有达到 60%：比较时从不四舍五入。\n"
    "- **较上月**：百分比类指标写增减的单位个数，其余写数值的增减；区划调整的月份按调整后的区划比较。"
)
st.subheader("当时区划与目前区划", anchor=False)
st.markdown(
    "**当时区划**按各月当时的县市区计算；**目前区划**把每个村和社区跟到现在所属的县市区，这样走势不会因为划界而跳动。"
)
view = st.session_state.get("view")
for change in city.division_changes(view.release) if view else []:
    st.markdown(f"- {escape.markdown(change)}")
st.subheader("怎样用", anchor=False)
st.markdown(
    "- **总览**先看一句话，再看横条，再看右边的方格：哪一格有 ▼、↘、×，点它。\n"
    "- **指标**从原文到走势、县市区、街道（乡镇），一直到缺的那个村。\n"
    "- **社区（村）** 每一个答案都标着它在哪个文件、哪张表、哪一格。\n"
    "- 地址栏里记着您选的月份、县市区和指标：复制地址发给别人，打开就是同样的画面。\n"
    "- **缺口清单**列出全市缺某一项的社区（村），可按县市区、街道、类型筛选，也可只看“只差一项”的，并导出 Excel。\n"
    "- **比较**把任意两个月相比，说明为什么变；也可以把几个县市区并排看。\n"
    "- **查找**（在“社区（村）”页）认名称、代码、问题编号和拼音首字母，几个词可以并用，例如“南宫 东关”或“ng dg”。\n"
    "- 表格点表头排序，点一行看详情。\n"
    "- 打印“总览”或“县市区”页，得到带版本和页码的纸面。\n"
    "- 图和方格都能存为图片：指针移上去，点“存为图片”。\n"
    "- **大屏**会自己翻页：点一下停住，再点一下继续；← → 翻页，F 全屏，Esc 返回。\n"
    f"- 浏览器要求：{plain_page.FLOOR}；更旧的浏览器只能看到最近一次发布的报告。"
)
st.subheader("怎样办一个月", anchor=False)
st.markdown(
    "“报送”页四栏：**按月办理**（市里）、**上传报表**、**待办事项**、**报送情况**；看到哪几栏由职责决定。\n"
    "- **县里**：“上传报表”把文件拖进来，看读到什么，点“报送”才计入；几份的点“报送全部”。“需核实”的可以不改："
    "在回执的“情况说明”一栏，或在“待办事项”里点“处理 → 说明情况”，写明原因。\n"
    "- **市里**：“按月办理”上面一排是步骤，1 下发 → 2 到齐 → 3 退回 → 4 说明 → 5 审定 → 6 发布；下面一县一行，点“打开”看它的文件和问题。\n"
    "- **同一原因的列在一起**：点“一并处理”，一句话办几件；有说明的点“采纳”。每件各记一笔，没有办成的写明是哪件、为什么。\n"
    "- **办错了**：每个决定旁边都有“撤回”；审定的点“重开”，发布的点“收回”。什么都不删除。\n"
    "- **说明和市里的意见**当即写在各页；已出的报告下次计算或审定时写进去，也可以在“6 发布”里点“更新报告”。\n"
    "- **名册上没有的新单位**：打开该县，点“增设社区（村）”；认不出的单位，点“处理 → 增设为新单位”。"
)
st.subheader("可以信吗", anchor=False)
st.markdown(
    "收到的每个文件都原样存档，不会改动；每个发布版本也不会改动，更正只出新版本。数字可以从原始文件重新算出，逐个相同。"
    "哪些是沿用的、未知的、豁免的，在“数据质量”页一一列出。"
)
