// Overdue matters by unit as bars, a part for each age; the table beside it has the same numbers.

const TONES = { day: "#e8a7a2", days: "#d6685f", week: "#b3261e", older: "#6e120c" };
const INK = "#1a2733";
const LONGEST_NAME = 12;

/** A function that draws what it is given into `box`; `open` is called with the unit of a bar. */
export function chartOf(box, open) {
  const { echarts } = globalThis;
  let chart = null;
  let codes = [];
  return ({ units, codes: known, ages }) => {
    box.hidden = units.length === 0;
    if (box.hidden) return;
    codes = known;
    if (!chart) {
      chart = echarts.init(box, null, { renderer: "canvas" });
      chart.on("click", (event) => open(codes[codes.length - 1 - event.dataIndex]));
    }
    chart.resize();
    chart.setOption(optionOf(units, ages), { notMerge: true });
  };
}

function optionOf(units, ages) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    animation: !still,
    animationDuration: 300,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: INK },
    grid: { left: 4, right: 36, top: 28, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 10, textStyle: { fontSize: 12 } },
    xAxis: { type: "value", minInterval: 1, axisLabel: { fontSize: 11 }, splitLine: { lineStyle: { color: "#e4e9ed" } } },
    yAxis: {
      type: "category",
      data: [...units].reverse(),
      axisTick: { show: false },
      axisLabel: { fontSize: 12, color: INK, formatter: (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name) },
    },
    series: ages.map(({ age, name, counts }, place) => ({
      type: "bar",
      name,
      stack: "late",
      barMaxWidth: 18,
      itemStyle: { color: TONES[age] },
      data: [...counts].reverse(),
      label: place < ages.length - 1 ? { show: false } : {
        show: true,
        position: "right",
        color: INK,
        formatter: ({ dataIndex }) => ages.reduce((sum, each) => sum + each.counts[each.counts.length - 1 - dataIndex], 0),
      },
    })),
  };
}
