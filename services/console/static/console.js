// What pages do with script beside htmx: times in the zone of the person, the command palette, "copy as curl".
"use strict";

const shown = new Intl.DateTimeFormat(document.documentElement.lang, {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    time.title = time.dateTime + " (UTC)";
    time.textContent = ("clock" in time.dataset ? clock : shown).format(new Date(time.dateTime));
    time.dataset.local = "";
  }
}

function palette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const text = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const options = [...list.children];
  let chosen = 0;
  const visible = () => options.filter((option) => !option.hidden);
  const show = () => {
    const wanted = text.value.trim().toLowerCase();
    for (const option of options) option.hidden = !option.textContent.toLowerCase().includes(wanted);
    chosen = Math.min(chosen, Math.max(visible().length - 1, 0));
    visible().forEach((option, number) => option.setAttribute("aria-selected", String(number === chosen)));
    const current = visible()[chosen];
    if (current) text.setAttribute("aria-activedescendant", current.id);
    else text.removeAttribute("aria-activedescendant");
  };
  const open = () => { text.value = ""; chosen = 0; show(); dialog.showModal(); text.focus(); };
  const go = (option) => {
    location.href = option ? option.dataset.to : "/stations?q=" + encodeURIComponent(text.value.trim());
  };
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); open(); }
  });
  for (const button of document.querySelectorAll("[data-opens=palette]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (steps) { event.preventDefault(); chosen = Math.max(0, Math.min(chosen + steps, visible().length - 1)); show(); }
    if (event.key === "Enter") { event.preventDefault(); go(visible()[chosen]); }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]");
  if (button) navigator.clipboard.writeText(button.dataset.copies);
});

// The live log: what comes while it is paused waits until it goes on. Only the newest rows are kept.
function pausing(button) {
  let goOn = null;
  let waited = null;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (goOn) { goOn(); goOn = waited = null; } else waited = new Promise((resolve) => { goOn = resolve; });
    button.setAttribute("aria-pressed", String(Boolean(waited)));
  });
  document.addEventListener("htmx:sse:before:message", (event) => { if (waited) event.detail.waitUntil(waited); });
  document.addEventListener("htmx:sse:after:message", () => {
    for (const rows of document.querySelectorAll("[data-most]")) {
      while (rows.children.length > Number(rows.dataset.most)) rows.lastElementChild.remove();
    }
  });
}

// What is shown of the log, one JSON text a line; without script the link gives what is stored.
function downloading(link) {
  const parsed = (text) => { try { return JSON.parse(text); } catch { return text; } };
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const lines = [...document.querySelectorAll("[data-exchange]")].map((row) => JSON.stringify({
      ...row.dataset, messages: [...row.querySelectorAll("pre")].map((one) => parsed(one.textContent)),
    }) + "\n");
    const file = document.createElement("a");
    file.href = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
    file.download = link.dataset.downloads;
    file.click();
    URL.revokeObjectURL(file.href);
  });
}

const liveState = document.getElementById("live-state");
document.addEventListener("htmx:sse:error", () => { liveState.textContent = liveState.dataset.lost; });
document.addEventListener("htmx:sse:after:connection", () => { liveState.textContent = ""; });
for (const button of document.querySelectorAll("[data-pauses]")) pausing(button);
for (const link of document.querySelectorAll("[data-downloads]")) downloading(link);
localize(document);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) localize(node.parentNode || node);
  }
}).observe(document.body, { childList: true, subtree: true });
palette();
