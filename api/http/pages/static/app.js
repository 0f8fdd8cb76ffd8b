// What every page needs: times that tell how far away they are, colours, the keyboard, and trying again.

const words = JSON.parse(document.getElementById("words").textContent);

/** A text of the page's language with its `{}` filled in. */
export const say = (name, ...values) => words[name].replace(/\{[^}]*\}/g, () => values.shift());

/** Tells those who cannot see the page. */
export function announce(text) {
  document.querySelector("[data-say]").textContent = text;
}

const LENGTHS = [["days", 86400, 3600], ["hours", 3600, 60], ["minutes", 60, 0], ["seconds", 1, 0]];

/** A length of time in its two largest units. */
export function length(seconds) {
  const whole = Math.max(0, Math.floor(Math.abs(seconds)));
  const [name, unit, rest] = LENGTHS.find(([, unit]) => whole >= unit) || LENGTHS.at(-1);
  return say(name, Math.floor(whole / unit), rest ? Math.floor((whole % unit) / rest) : 0);
}

const TOLD = {
  until: (seconds) => (seconds >= 0 ? say("left", length(seconds)) : say("overdue_by", length(seconds))),
  in: (seconds) => (seconds >= 0 ? length(seconds) : say("ago", length(seconds))),
};

/** `<time data-until>` says how much is left or overdue, `<time data-ago>` how far away it is; both tick. */
export function tick(root = document) {
  for (const time of root.querySelectorAll("time[data-until], time[data-ago]")) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const text = TOLD["until" in time.dataset ? "until" : "in"](seconds);
    if (!time.title) time.title = time.textContent;
    if (time.textContent !== text) time.textContent = text;
    time.classList.toggle("over", "until" in time.dataset && seconds < 0);
  }
}

/** Asks the API as a person does: the answer, or what was wrong in words. */
export async function ask(method, path, body) {
  const sent = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...sent }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  return { ok: Boolean(answer?.ok), status: answer?.status ?? 0, said, wrong: said?.detail || say("failed") };
}

// ---- colours: as the system, light, dark; remembered in a cookie, so that pages come in the right ones

const THEMES = ["system", "light", "dark"];

function theme() {
  const root = document.documentElement, now = root.dataset.theme || "system";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  if (next === "system") delete root.dataset.theme; else root.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=${next === "system" ? 0 : 31536000}; samesite=lax`;
  const name = document.querySelector("[data-theme-name]");
  if (name) name.textContent = say(`theme_${next}`);
  announce(say(`theme_${next}`));
}

// ---- the keyboard

const typing = (target) => target.closest("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]");
let after = "";
const KEYS = {
  "?": () => document.getElementById("keys").showModal(),
  "/": () => { const field = document.querySelector("[data-search]"); if (field) field.focus(); else location.assign("/view/complaints#find"); },
  t: theme,
};

/** Another key, while a page is shown. */
export const onKey = (key, act) => { KEYS[key] = act; };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const first = after;
  after = event.key === "g" ? "g" : "";
  const page = first === "g" && document.querySelector(`nav [data-key="${CSS.escape(event.key)}"]`);
  const act = page ? () => page.click() : KEYS[event.key];
  if (!act || after) return;
  event.preventDefault();
  act(event);
});

// ---- the frame

const menu = document.querySelector("[data-menu]"), wide = matchMedia("(min-width: 62rem)");
function fit() { if (menu) menu.open = wide.matches; }
wide.addEventListener("change", fit);
fit();
addEventListener("keydown", (event) => { if (event.key === "Escape" && menu && !wide.matches) menu.open = false; });

addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("close" in button.dataset) button.closest("dialog").close();
  if ("openKeys" in button.dataset) KEYS["?"]();
  if ("themeSwitch" in button.dataset) theme();
  if ("signOut" in button.dataset && (await ask("DELETE", "/session")).ok) location.assign("/login");
});

if (document.querySelector("[data-retry]")) setTimeout(() => location.reload(), 3000);
tick();
setInterval(tick, 1000);
