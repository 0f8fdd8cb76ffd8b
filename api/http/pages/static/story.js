// Sliders that rewind the page, and the badge that says whether the record is proven.

import { announce, tick } from "/static/app.js";

const root = document.querySelector("[data-story]");
const places = (dial) => JSON.parse(dial.parentElement.querySelector("script").textContent);

/** Where a slider stands: an instant, or nothing at its end, which is the present. */
const stands = (dial) => places(dial)[Number(dial.value)] || null;

function label(dial) {
  const at = stands(dial), text = at ? at.text : dial.dataset.present;
  dial.parentElement.querySelector("[data-shown]").textContent = text;
  dial.setAttribute("aria-valuetext", text);
}

/** What the record is read for stays said, where it had to be. */
function kept() {
  const purpose = new URLSearchParams(location.search).get("purpose");
  return new URLSearchParams(purpose ? { purpose } : {});
}

const addressOf = (asked) => (asked.size ? `?${asked}` : location.pathname);

function address() {
  const asked = kept();
  for (const dial of root.querySelectorAll("[data-dial]")) {
    const at = stands(dial);
    if (at) asked.set(dial.dataset.dial, at.iso);
  }
  return addressOf(asked);
}

let latest = 0;

/** Shows the page as it is at an address, and leaves the sliders in the hands that hold them. */
async function show(path) {
  const mine = ++latest, part = root.querySelector("[data-told]");
  part.classList.add("away");
  const answer = await fetch(path, { headers: { Accept: "text/html" } }).catch(() => null);
  const text = answer?.ok ? await answer.text() : null;
  if (mine !== latest) return;
  part.classList.remove("away");
  if (text === null) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const place of ["[data-told]", "[data-state]", ".head", ".about"]) swap(place, fresh);
  root.querySelector("[data-rewind]").className = fresh.querySelector("[data-rewind]").className;
  tick(root);
  announce(root.querySelector("[data-state] p").textContent.trim());
}

function swap(place, fresh) {
  const old = root.querySelector(place), now = fresh.querySelector(`[data-story] ${place}`);
  if (!old || !now) return;
  const badge = old.querySelector("[data-badge]"), next = now.querySelector("[data-badge]");
  if (badge && next) next.replaceWith(badge);
  old.replaceWith(now);
}

let soon = 0;
root.addEventListener("input", (event) => {
  if (!event.target.matches("[data-dial]")) return;
  label(event.target);
  clearTimeout(soon);
  soon = setTimeout(() => {
    history.replaceState(null, "", address());
    show(location.href);
  }, 120);
});

root.addEventListener("click", (event) => {
  if (!event.target.closest("[data-now]")) return;
  event.preventDefault();
  for (const dial of root.querySelectorAll("[data-dial]")) { dial.value = dial.max; label(dial); }
  history.replaceState(null, "", addressOf(kept()));
  show(location.href);
});

// ---- why: shown on hover and focus by the style; Escape and a second tap put it away again

addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const rule of document.querySelectorAll(".rule:hover, .rule:focus-within")) rule.classList.add("shut");
});
for (const kind of ["mouseout", "focusout"])
  root.addEventListener(kind, (event) => event.target.closest?.(".rule")?.classList.remove("shut"));
root.addEventListener("click", (event) => event.target.closest(".chip")?.focus());

// ---- whether it is proven

async function prove() {
  const answer = await fetch(root.dataset.proof, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) root.querySelector("[data-badge]").innerHTML = await answer.text();
}

for (const dial of root.querySelectorAll("[data-dial]")) dial.dataset.present = dial.dataset.present || dial.closest("form").dataset.present;
prove();
