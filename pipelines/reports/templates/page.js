"use strict";
// The page is complete without this script: it sorts, filters, and shows one county or one indicator closer. Names are set as text only.
const data = JSON.parse(document.getElementById("data").textContent);
const body = document.getElementById("rows");
const place = document.getElementById("place"), state = document.getElementById("state"), search = document.getElementById("search");
const moved = document.querySelector("th[data-key=change]").textContent;
let order = {key: "n", up: true}, open = null;

const make = (tag, text, css) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (css) e.className = css; return e; };
const svg = (tag, given) => { const e = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const k in given) e.setAttribute(k, given[k]); return e; };

function figure(item) { return place.value === "city" ? item.city : item.counties[place.value] || null; }

function rows() {
  const text = search.value.trim();
  return data.items.filter(i => {
    const f = figure(i);
    return (!state.value || (f && f.s === state.value)) && (!text || (i.name + i.clause + i.quote).includes(text)) && (i.headline || data.all);
  });
}

function bar(item, f, width) {
  const box = svg("svg", {width, height: 18, role: "img", "aria-label": f.v + item.unit});
  const top = item.unit === "%" ? 100 : Math.max(+f.v, item.low || 0, 1) * 1.15, x = v => Math.min(v / top, 1) * width;
  const low = f.l === null ? +f.v : +f.l, high = f.h === null ? +f.v : +f.h;
  box.append(svg("rect", {x: 0, y: 3, width, height: 12, fill: "#e9edf1"}));
  box.append(svg("rect", {x: x(low), y: 3, width: Math.max(x(high) - x(low), 0), height: 12, fill: "#9fb4c8"}));
  box.append(svg("rect", {x: 0, y: 3, width: x(low), height: 12, fill: "#33587c"}));
  if (item.low !== null) box.append(svg("rect", {x: Math.min(x(item.low), width - 2), y: 0, width: 2, height: 18, fill: "#111"}));
  return box;
}

function line(item) {
  const width = 460, height = 130, left = 34, points = item.series.filter(p => p[1] !== null);
  const box = svg("svg", {width, height, role: "img", "aria-label": item.name + "逐月走势"});
  if (points.length < 2) return make("p", "月份不足，暂无走势。", "quote");
  const values = points.map(p => +p[1]).concat(item.low === null ? [] : [item.low]), top = Math.max(...values) * 1.08 || 1;
  const months = item.series.map(p => p[0]), x = m => left + months.indexOf(m) / Math.max(months.length - 1, 1) * (width - left - 12), y = v => 8 + (1 - v / top) * (height - 32);
  for (const v of [0, top / 1.08]) { const t = svg("text", {x: 0, y: y(v) + 4}); t.textContent = Math.round(v * 10) / 10; box.append(t); }
  if (item.low !== null) { box.append(svg("line", {x1: left, x2: width - 12, y1: y(item.low), y2: y(item.low), stroke: "#111", "stroke-dasharray": "4 3"})); }
  box.append(svg("polyline", {points: points.map(p => x(p[0]) + "," + y(+p[1])).join(" "), fill: "none", stroke: "#33587c", "stroke-width": 2}));
  for (const m of [points[0], points[points.length - 1]]) { const t = svg("text", {x: Math.min(x(m[0]), width - 52), y: height - 6}); t.textContent = m[0]; box.append(t); }
  return box;
}

function detail(item) {
  const row = make("tr", undefined, "detail"), cell = make("td"); cell.colSpan = 8; row.append(cell);
  cell.append(make("p", "条款" + item.clause + "：“" + item.quote + "”", "quote"));
  if (item.reading) cell.append(make("p", "口径：" + item.reading, "quote"));
  for (const text of item.said) cell.append(make("p", "情况说明：" + text, "quote"));
  const pair = make("div", undefined, "pair"); cell.append(pair);
  const left = make("div"); left.append(make("b", "全市走势" + (item.low === null ? "" : "（虚线为目标）"))); left.append(line(item)); pair.append(left);
  const table = make("table"), right = make("div"); right.append(make("b", "各县（市、区）")); right.append(table); pair.append(right);
  const ranked = Object.entries(item.counties).filter(([, f]) => f.v !== null).sort((a, b) => +b[1].v - +a[1].v);
  for (const [code, f] of ranked) {
    const line = make("tr"); table.append(line);
    line.append(make("td", data.places[code]));
    const pic = make("td"); pic.append(bar(item, f, 150)); line.append(pic);
    line.append(make("td", f.v + item.unit, "n"), make("td", f.c, "n"), make("td", f.g || "", "n"));
  }
  return row;
}

const keys = {n: (i, f) => i.n, name: i => i.name, target: i => i.low === null ? -1 : i.low, value: (i, f) => f && f.v !== null ? +f.v : -1,
  counts: (i, f) => f ? f.d : -1, change: i => i.change === null ? -1e9 : +i.change, state: (i, f) => f ? data.order.indexOf(f.s) : 99, gap: (i, f) => f && f.gn || 0};

function draw() {
  const list = rows().map(i => [i, figure(i)]), key = keys[order.key];
  list.sort(([a, fa], [b, fb]) => { const p = key(a, fa), q = key(b, fb); return (p < q ? -1 : p > q ? 1 : a.n - b.n) * (order.up ? 1 : -1); });
  body.replaceChildren();
  for (const [i, f] of list) {
    const row = make("tr"); body.append(row);
    row.append(make("td", i.n, "n"));
    const name = make("td", undefined, "name"), button = make("button", i.name); name.append(button); row.append(name);
    button.type = "button"; button.setAttribute("aria-expanded", open === i.id); button.onclick = () => { open = open === i.id ? null : i.id; draw(); };
    const value = make("td", undefined, "n"); row.append(value);
    value.append(f && f.v !== null ? f.v + i.unit : data.statuses[f ? f.s : "no_data"]);
    if (f && f.v !== null) value.append(bar(i, f, 120));
    const mark = make("td"); mark.append(make("span", data.statuses[f ? f.s : "no_data"], "s " + (f ? f.s : "no_data"))); row.append(mark);
    for (const [label, text] of [["目标", i.goal], ["已有/应有", f ? f.c : "—"], [moved, place.value === "city" ? i.moved : "—"], ["还差", f && f.g || "—"]]) {
      const cell = make("td", text, "n"); cell.dataset.label = label; row.append(cell);
    }
    if (open === i.id) body.append(detail(i));
  }
  document.getElementById("count").textContent = list.length ? "共" + list.length + "项" : "没有符合条件的指标";
  for (const th of document.querySelectorAll("th[data-key]")) th.setAttribute("aria-sort", th.dataset.key === order.key ? (order.up ? "ascending" : "descending") : "none");
}

for (const th of document.querySelectorAll("th[data-key]")) {
  const button = make("button", th.textContent); button.type = "button"; th.replaceChildren(button);
  button.onclick = () => { order = {key: th.dataset.key, up: order.key === th.dataset.key ? !order.up : true}; draw(); };
}
document.getElementById("scope").onchange = event => { data.all = event.target.value === "all"; draw(); };
for (const control of [place, state]) control.onchange = draw;
search.oninput = draw;
document.getElementById("tools").hidden = false;
draw();
