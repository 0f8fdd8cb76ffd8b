// Finds clauses of a pack by their words, as they are typed.
const field = document.querySelector("[data-find]");
const said = document.querySelector("[data-found]");
const clauses = [...document.querySelectorAll("[data-clause]")].map((clause) => [clause, (clause.id + " " + clause.textContent).toLowerCase()]);

field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [clause, text] of clauses) {
    clause.hidden = !words.every((word) => text.includes(word));
    shown += !clause.hidden;
  }
  said.textContent = words.length ? (shown ? `${shown} / ${clauses.length}` : said.dataset.none) : "";
});
