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

localize(document);
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) localize(node.parentNode || node);
  }
}).observe(document.body, { childList: true, subtree: true });
palette();
