// Signs in with a key that was typed, or that came behind the # of a link and so was sent to nobody.

import { ask, say } from "/static/app.js";

const form = document.querySelector("[data-login]"), error = form.querySelector("[data-error]");

async function enter(key) {
  const { ok, status, wrong } = await ask("POST", "/session", { key });
  if (ok) return location.replace(form.dataset.next);
  error.textContent = status === 401 || status === 403 ? say("login_failed") : wrong;
  error.hidden = false;
  form.key.select();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(form.key.value.trim());
});

if (location.hash.length > 1) {
  const key = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  enter(key);
}
