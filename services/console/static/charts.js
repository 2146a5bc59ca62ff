// Draws what a [data-chart] address answers: curves over one time axis, with the times shaded from which nothing
// came. {series: [{name, title, unit, stepped, times, values}], gaps: [[from, to]]}, times in seconds since 1970.
"use strict";

const NARROW = 520; // Pixels, in which there is room for one axis of values. The legend shows the others.

const looks = {
  power: { colour: "--accent", dash: [] },
  energy: { colour: "--good", dash: [8, 4] },
  soc: { colour: "--warn", dash: [2, 3] },
  limit: { colour: "--bad", dash: [12, 3, 3, 3] },
};

// Canvas does not know light-dark(), so an element says what a variable is in the scheme of the person.
function colourOf(element, variable) {
  const probe = element.appendChild(document.createElement("span"));
  probe.style.color = `var(${variable})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function shade(chart, gaps, colour) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.globalAlpha = 0.18;
  ctx.fillStyle = colour;
  for (const [from, to] of gaps) {
    const left = Math.max(chart.valToPos(from, "x", true), bbox.left);
    const right = Math.min(chart.valToPos(to, "x", true), bbox.left + bbox.width);
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

function draw(element, answer) {
  const quiet = colourOf(element, "--quiet"), line = colourOf(element, "--line");
  const units = [...new Set(answer.series.map((one) => one.unit))];
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const series = answer.series.map((one) => {
    const look = looks[one.name] || looks.power;
    return {
      label: `${one.title} (${one.unit})`, scale: one.unit, stroke: colourOf(element, look.colour), width: 2,
      dash: look.dash, points: { show: false }, value: (chart, value) => (value == null ? "–" : value.toFixed(2)),
      ...(one.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    };
  });
  const options = {
    width: element.clientWidth, height: 320,
    cursor: { drag: { x: true, y: false } },
    scales: { "%": { range: [0, 100] }, kW: { range: (chart, low, high) => [Math.min(low, 0), Math.max(high, 1) * 1.05] } },
    series: [{}, ...series],
    axes: [axis, ...units.map((unit, number) => ({
      ...axis, scale: unit, side: number === 0 ? 3 : 1, label: unit, labelSize: 20,
      grid: number === 0 ? axis.grid : { show: false }, show: number === 0 || element.clientWidth > NARROW,
    }))],
    hooks: { drawClear: [(chart) => shade(chart, answer.gaps, quiet)] },
  };
  element.replaceChildren();
  const tables = answer.series.map((one) => [one.times, one.values]);
  return new uPlot(options, tables.length ? uPlot.join(tables) : [[]], element);
}

function chart(element) {
  let answer, drawn;
  const again = () => { if (answer) drawn = draw(element, answer); };
  const load = async () => {
    const response = await fetch(element.dataset.chart);
    if (response.ok) { answer = await response.json(); again(); }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new ResizeObserver(() => { if (drawn) drawn.setSize({ width: element.clientWidth, height: 320 }); }).observe(element);
  if (element.dataset.live) {
    setInterval(() => { if (!document.hidden) load(); }, 1000 * Number(element.dataset.live));
  }
  load();
}

for (const element of document.querySelectorAll("[data-chart]")) chart(element);
