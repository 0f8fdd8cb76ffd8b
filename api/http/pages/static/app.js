"use strict";
// The page as it was rendered is complete; this keeps it up to date and lets somebody acknowledge.

const words = JSON.parse(document.getElementById("words").textContent);
const nearness = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function tellDistances() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) || ["minute", 60];
    time.title = time.dataset.text ||= time.textContent;
    time.textContent = `${time.dataset.text} (${nearness.format(Math.round(seconds / length), unit)})`;
  }
}

function show(topic) {
  for (const button of document.querySelectorAll("[data-topic]"))
    button.setAttribute("aria-pressed", String(button.dataset.topic === topic));
  for (const card of document.querySelectorAll("[data-of]"))
    card.hidden = topic !== "all" && card.dataset.of !== topic;
}

const chosen = () => document.querySelector('[data-topic][aria-pressed="true"]')?.dataset.topic || "all";

async function refresh(name) {
  const answer = await fetch(`/parts/${name}`).catch(() => null);
  if (!answer?.ok) return;
  document.querySelector(`[data-part="${name}"]`).innerHTML = await answer.text();
  tellDistances();
  show(chosen());
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

function follow() {
  const light = document.querySelector("[data-live]");
  const alerts = gathered(() => refresh("alerts"), 400);
  const rest = gathered(() => Promise.all(["upcoming", "breaches", "satisfaction"].map(refresh)), 5000);
  const changes = new EventSource("/alerts/stream");
  const on = (live) => { light.textContent = light.dataset[live ? "on" : "off"]; light.classList.toggle("on", live); };
  changes.onopen = () => { on(true); alerts(); };
  changes.onerror = () => on(false);
  for (const kind of ["alert", "reload"]) changes.addEventListener(kind, () => { alerts(); rest(); });
  setInterval(rest, 30000);
  setInterval(tellDistances, 30000);
}

async function acknowledge(key, by) {
  const answer = await fetch(`/alerts/${encodeURIComponent(key)}/acknowledge`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ by }),
  }).catch(() => null);
  if (answer?.ok) return null;
  const problem = await answer?.json().catch(() => null);
  return problem?.detail || words.failed;
}

function ask(button) {
  const dialog = document.getElementById("ack"), form = dialog.querySelector("form");
  const error = dialog.querySelector("[data-error]");
  dialog.querySelector("[data-what]").textContent = button.dataset.title;
  form.by.value = localStorage.getItem("staff") || "";
  error.hidden = true;
  form.onsubmit = async (event) => {
    if (event.submitter?.value !== "ok") return;
    event.preventDefault();
    const by = form.by.value.trim(), failed = await acknowledge(button.dataset.ack, by);
    error.textContent = failed;
    error.hidden = !failed;
    if (failed) return;
    localStorage.setItem("staff", by);
    button.disabled = true;
    button.textContent = words.acknowledged;
    dialog.close();
  };
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.topic) show(button.dataset.topic);
  if (button?.dataset.ack) ask(button);
});

if (document.querySelector("[data-dashboard]")) follow();
if (document.querySelector("[data-retry]")) setTimeout(() => location.reload(), 3000);
tellDistances();
