// The stations on a canvas with the countries of the world: no tile, no key. Their state is a colour and a shape,
// which the legend of the page explains.
"use strict";

const REFRESH = 15000; // Milliseconds, while somebody looks at it.

const ANTARCTICA = "010"; // It has the pole in it, which no flat map can fill.

const shapes = {
  good: [], // A circle.
  busy: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  warn: [[0, -1.2], [1.2, 0.9], [-1.2, 0.9]],
  bad: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  off: [],
};

const Marker = L.CircleMarker.extend({
  _updatePath() {
    const canvas = this._renderer, points = shapes[this.options.kind];
    if (!points.length) { canvas._updateCircle(this); return; }
    if (!canvas._drawing || this._empty()) return;
    const { x, y } = this._point, radius = this._radius;
    canvas._ctx.beginPath();
    for (const [right, down] of points) canvas._ctx.lineTo(x + right * radius, y + down * radius);
    canvas._ctx.closePath();
    canvas._fillStroke(canvas._ctx, this);
  },
});

// Canvas does not know light-dark(), so an element says what a variable is in the scheme of the person.
function colourOf(element, variable) {
  const probe = element.appendChild(document.createElement("span"));
  probe.style.color = `var(${variable})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

// The atlas is of a globe: a border that goes over 180 degrees goes on there, and not back around the world.
function unwrap(coordinates) {
  if (typeof coordinates[0][0] !== "number") { coordinates.forEach(unwrap); return; }
  for (let at = 1; at < coordinates.length; at += 1) {
    const jump = coordinates[at][0] - coordinates[at - 1][0];
    if (Math.abs(jump) > 180) coordinates[at][0] -= 360 * Math.sign(jump);
  }
}

function popup(element, station) {
  const shown = document.createElement("div"), link = document.createElement("a");
  link.href = station.path;
  link.textContent = station.id;
  const charging = station.charging ? ` · ${station.charging} ${element.dataset.charging}` : "";
  shown.append(link, ` ${station.state}${charging}`);
  return shown;
}

function draw(element, map, layers, world, answer) {
  const line = colourOf(element, "--quiet"), land = colourOf(element, "--raised");
  const kinds = {};
  for (const one of document.querySelectorAll("[data-state]")) kinds[one.dataset.state] = one.dataset.class;
  layers.clearLayers();
  L.geoJSON(world, { interactive: false, style: { color: line, weight: 1, fillColor: land, fillOpacity: 1 } }).addTo(layers);
  for (const station of answer.stations) {
    const kind = kinds[station.state] || "off", colour = colourOf(element, `--${kind}`);
    const marker = new Marker([station.lat, station.lng], {
      kind, radius: 7, color: colour, weight: 2, fillColor: colour, fillOpacity: kind === "off" ? 0 : 0.85,
    });
    marker.bindPopup(() => popup(element, station)).bindTooltip(station.id).addTo(layers);
  }
}

async function show(element) {
  const map = L.map(element, { preferCanvas: true, attributionControl: false, worldCopyJump: true, minZoom: 1 });
  const layers = L.layerGroup().addTo(map);
  const atlas = await (await fetch(element.dataset.countries)).json();
  const world = topojson.feature(atlas, atlas.objects.countries);
  world.features = world.features.filter((country) => country.id !== ANTARCTICA);
  for (const country of world.features) unwrap(country.geometry.coordinates);
  let answer;
  const again = () => { if (answer) draw(element, map, layers, world, answer); };
  const load = async () => {
    const response = await fetch(element.dataset.map);
    if (!response.ok) return;
    const text = await response.text();
    if (answer && text === answer.text) return;
    const isFirst = !answer;
    answer = { ...JSON.parse(text), text };
    if (isFirst) map.fitBounds(answer.stations.map((one) => [one.lat, one.lng]), { maxZoom: 6, padding: [30, 30] });
    again();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  setInterval(() => { if (!document.hidden) load(); }, REFRESH);
  await load();
}

for (const element of document.querySelectorAll("[data-map]")) show(element);
