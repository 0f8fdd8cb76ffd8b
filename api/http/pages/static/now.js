// Keeps the first page up to date, and lets somebody filter and acknowledge without leaving it.

import { announce, ask, onKey, say, tick } from "/static/app.js";

const place = (name) => document.querySelector(`[data-part="${name}"]`);
let shown = 50;

/** The choices of the filters, as they stand in the address; only what was chosen. */
function chosen() {
  const address = new URLSearchParams(location.search);
  for (const [name, value] of [...address]) if (!value) address.delete(name);
  return address;
}

async function fetched(name) {
  const address = name === "alerts" ? chosen() : new URLSearchParams();
  if (name === "alerts" && shown !== 50) address.set("limit", Math.min(shown, 500));
  const answer = await fetch(`/parts/${name}?${address}`).catch(() => null);
  if (!answer?.ok) return null;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  return template.content;
}

// What stays the same stays in place, with its focus and whatever somebody has selected in it.
function merge(old, fresh) {
  const known = new Map([...old.children].map((card) => [card.dataset.key, card]));
  let news = 0;
  const cards = [...fresh.children].map((card) => {
    const before = known.get(card.dataset.key);
    if (before?.dataset.rev === card.dataset.rev) return before;
    if (!before) { card.classList.add("fresh"); news += 1; }
    return card;
  });
  const held = document.activeElement?.closest?.("[data-key]")?.dataset.key, inside = document.activeElement?.matches?.("[data-ack]");
  cards.forEach((card, index) => { if (old.children[index] !== card) old.insertBefore(card, old.children[index] || null); });
  while (old.children.length > cards.length) old.lastElementChild.remove();
  if (held !== undefined && document.activeElement === document.body) {
    const card = old.querySelector(`[data-key="${CSS.escape(held)}"]`);
    (inside && card?.querySelector("[data-ack]") || card)?.focus();
  }
  return news;
}

async function alerts() {
  const fresh = await fetched("alerts");
  if (!fresh) return;
  const part = place("alerts"), list = part.querySelector(".alerts");
  const busy = part.querySelector("[data-filters]").contains(document.activeElement) && document.activeElement.matches("input, select");
  const news = merge(list, fresh.querySelector(".alerts"));
  const kept = busy ? part.querySelector("[data-filters]") : null;
  const pressed = document.activeElement?.matches("[data-filters] button") ? document.activeElement.value : null;
  const more = document.activeElement?.matches("[data-more]");
  if (kept) fresh.querySelector("[data-filters]").remove();
  else fresh.querySelector("[data-fold]").open = part.querySelector("[data-fold]").open;
  for (const child of [...part.children]) if (child !== list && child !== kept) child.remove();
  const around = [...fresh.children], cut = around.findIndex((child) => child.matches(".alerts"));
  around.slice(0, cut).forEach((child) => list.before(child));
  list.after(...around.slice(cut + 1));
  if (pressed !== null) part.querySelector(`[data-filters] button[value="${pressed}"]`)?.focus();
  if (more) part.querySelector("[data-more]")?.focus();
  if (news) announce(say("arrived", news));
  tick(part);
}

async function other(name) {
  const fresh = await fetched(name);
  if (!fresh || place(name).contains(document.activeElement)) return;
  place(name).replaceChildren(fresh);
  tick(place(name));
}

// Many changes at once cost one look: the first is shown at once, those that follow together.
function gathered(act, pauseMs) {
  let waiting = false, again = false;
  return async function run() {
    if (waiting) { again = true; return; }
    waiting = true;
    await act();
    setTimeout(() => { waiting = false; if (again) { again = false; run(); } }, pauseMs);
  };
}

const look = gathered(alerts, 300);
const rest = gathered(() => Promise.all(["upcoming", "breaches", "pipeline"].map(other)), 5000);

// A phone shows alerts first, and the choices among them when asked for.
if (!matchMedia("(min-width: 62rem)").matches && !chosen().size) place("alerts").querySelector("[data-fold]").open = false;

function follow() {
  const light = document.querySelector("[data-live]"), changes = new EventSource("/alerts/stream");
  const on = (live) => { light.textContent = light.dataset[live ? "on" : "off"]; light.classList.toggle("on", live); };
  changes.onopen = () => { on(true); look(); };
  changes.onerror = () => on(false);
  for (const kind of ["alert", "reload"]) changes.addEventListener(kind, () => { look(); rest(); });
  setInterval(rest, 30000);
}

// ---- filters: the address carries them, so that a look can be kept and sent to somebody

function filter(form, pressed) {
  const said = new FormData(form);
  said.set("kind", pressed ? pressed.value : chosen().get("kind") || "");
  const address = new URLSearchParams([...said].filter(([, value]) => value.trim()));
  history.replaceState(null, "", address.size ? `/?${address}` : "/");
  shown = 50;
  alerts();
}

addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filters]")) return;
  event.preventDefault();
  filter(event.target, event.submitter?.name === "kind" ? event.submitter : null);
});
addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-filters]");
  if (form) { event.target.blur(); filter(form, null); }
});

// ---- acknowledging

function open(button) {
  const dialog = document.getElementById("ack"), form = dialog.querySelector("form");
  const error = dialog.querySelector("[data-error]");
  dialog.querySelector("[data-what]").textContent = button.dataset.title;
  form.by.value ||= localStorage.getItem("staff") || "";
  error.hidden = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const by = form.by.value.trim();
    const { ok, wrong } = await ask("POST", `/alerts/${encodeURIComponent(button.dataset.ack)}/acknowledge`, { by });
    error.textContent = ok ? "" : wrong;
    error.hidden = ok;
    if (!ok) return;
    localStorage.setItem("staff", by);
    dialog.close();
    button.disabled = true;
    button.textContent = say("acknowledged");
    announce(say("acknowledged"));
    look();
  };
  dialog.showModal();
}

addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.ack) open(button);
  if (button?.dataset.more) { shown += 50; alerts(); }
});

// ---- the keyboard

function move(by) {
  const cards = [...document.querySelectorAll(".alert")];
  const at = cards.indexOf(document.activeElement?.closest(".alert"));
  const card = cards[Math.min(Math.max(at + by, 0), cards.length - 1)];
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

onKey("j", () => move(1));
onKey("k", () => move(-1));
onKey("a", () => document.activeElement?.closest(".alert")?.querySelector("[data-ack]")?.click());
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".alert")) event.target.querySelector("h3 a")?.click();
});

if (document.querySelector("[data-now]")) follow();
