// A choice searches at once; what is empty does not clutter the address.

const form = document.querySelector("[data-find]");

function go() {
  const said = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  document.querySelector("[data-results]").classList.add("away");
  location.assign(said.size ? `${form.action}?${said}` : form.action);
}

form.addEventListener("submit", (event) => { event.preventDefault(); go(); });
form.addEventListener("change", (event) => { if (event.target.matches("select, [type=date]")) go(); });
if (!matchMedia("(min-width: 62rem)").matches) form.querySelector("[data-fold]").open = false;
addEventListener("pageshow", () => document.querySelector("[data-results]").classList.remove("away"));
if (location.hash === "#find") form.words.focus();
