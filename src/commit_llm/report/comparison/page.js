// The comparison page: tables that sort, and the list of questions with search, filter and order.
"use strict";

const AT_A_TIME = 10;
const SEGMENTED = new Set(["th", "zh", "ja", "km", "lo", "my"]);
const byId = (id) => document.getElementById(id);

// Text is only ever set as text: an answer with markup shows as it is.
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "lang" || key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// Case, accents and the final sigma make no difference to a search.
function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replaceAll("ς", "σ");
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const asWritten = [...body.rows];
  heads.forEach((head, column) => {
    const button = element("button", { type: "button", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      const next = { null: column ? "descending" : "ascending", descending: "ascending", ascending: "descending" }[before];
      head.setAttribute("aria-sort", next);
      const value = (row) => (column ? Number(row.cells[column].dataset.value) : row.cells[0].textContent);
      const compare = (a, b) => (column ? value(a) - value(b) : value(a).localeCompare(value(b)));
      const rows = [...asWritten].sort((a, b) => (next === "ascending" ? compare(a, b) : compare(b, a)));
      body.append(...rows);
    });
  });
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// One item a question of a task; marks are each system's share of seeds that are right, f1 their mean. Of a task that
// ranks, f1 is how far up the right answer is, 0 to 100.
function itemsOf(data) {
  const ofSystem = data.systems.map((_, system) => data.runs.flatMap((of, run) => (of === system ? [run] : [])));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return data.tasks.flatMap((task, number) =>
    task.questions.map(([id, context, question, references, answers], place) => ({
      task: number, id, context, question, references, answers, place,
      marks: ofSystem.map((runs) => mean(runs.map((run) => answers[run][1])) / 100),
      f1: ofSystem.map((runs) => mean(runs.map((run) => answers[run][2]))),
      english: answers.some((answer) => answer[3]),
      searched: null,
    })));
}

function filtersOf(data) {
  const base = data.baseline;
  // Of several seeds: more than half of them.
  const right = (item, system) => item.marks[system] > 0.5;
  const wrong = (item, system) => item.marks[system] < 0.5;
  const filters = [
    ["all questions", () => true],
    ["systems differ", (item) => item.marks.some((mark) => mark !== item.marks[0])],
    ["all are right", (item) => item.marks.every((mark) => mark === 1)],
    ["all are wrong", (item) => item.marks.every((mark) => mark === 0)],
    ["someone is right in English", (item) => item.english],
  ];
  data.systems.forEach((name, system) => {
    if (system === base) return;
    filters.push([`${name} right, ${data.systems[base]} wrong`, (item) => right(item, system) && wrong(item, base)]);
    filters.push([`${data.systems[base]} right, ${name} wrong`, (item) => right(item, base) && wrong(item, system)]);
  });
  return filters;
}

function ordersOf(data) {
  const base = data.baseline;
  const spread = (item) => Math.max(...item.f1) - Math.min(...item.f1);
  const kinds = new Set(data.tasks.map((task) => (task.ranked ? "rank" : "F1")));
  const by = `(${[...kinds].sort().join(" or ")})`;
  const orders = [["as in the data", null], [`systems differ most ${by}`, spread]];
  data.systems.forEach((name, system) => {
    if (system === base) return;
    orders.push([`${name} ahead of ${data.systems[base]} ${by}`, (item) => item.f1[system] - item.f1[base]]);
    orders.push([`${data.systems[base]} ahead of ${name} ${by}`, (item) => item.f1[base] - item.f1[system]]);
  });
  return orders;
}

function pieces(text, language) {
  if (SEGMENTED.has(language) && Intl.Segmenter) {
    return [...new Intl.Segmenter(language, { granularity: "word" }).segment(text)].map((part) => part.segment);
  }
  return text.split(/(\s+)/);
}

// The words of an answer; those that no answer of the baseline has are marked.
function compared(answer, baseline, language) {
  if (baseline === null || baseline.includes(answer)) return [answer];
  const known = new Set(baseline.flatMap((one) => pieces(one, language)).map(fold));
  return pieces(answer, language).map((part) =>
    part.trim() === "" || known.has(fold(part)) ? part : element("mark", { textContent: part }));
}

function contextOf(text, references) {
  const reference = references.find((one) => one && text.includes(one));
  if (!reference) return [text];
  const start = text.indexOf(reference);
  const mark = element("mark", { textContent: reference });
  return [text.slice(0, start), mark, text.slice(start + reference.length)];
}

function verdict(right) {
  return element("span", {
    className: "verdict", textContent: right ? "✓" : "✗", role: "img", "aria-label": right ? "right" : "wrong",
  });
}

// A system's answers to a question, one line each; what several of its seeds said stands once.
function ofSystem(data, item, system, language, baseline) {
  const said = new Map();
  item.answers.forEach((answer, run) => {
    if (data.runs[run] !== system) return;
    const known = said.get(answer[0]) ?? { answer, times: 0 };
    said.set(answer[0], { ...known, times: known.times + 1 });
  });
  const lines = [...said.values()].map(({ answer: [words, exact, f1, english, rank], times }) => {
    const shown = words === ""
      ? element("span", { className: "empty", textContent: "empty" })
      : element("bdi", { lang: language }, ...compared(words, baseline, language));
    const beside = [rank ?? `F1 ${f1}`, ...(times > 1 ? [`${times} seeds`] : []), ...(english ? ["right in English"] : [])];
    return element("p", { className: exact ? "right" : "wrong", dir: "auto" },
      verdict(exact), shown, " ", element("bdi", { className: "beside", textContent: beside.join(" · ") }));
  });
  return element("li", {}, element("h4", { textContent: data.systems[system] }), ...lines);
}

function shownItem(data, item) {
  const { task, language, contexts } = data.tasks[item.task];
  const base = item.answers.flatMap((answer, run) => (data.runs[run] === data.baseline ? [answer[0]] : []));
  const others = data.systems.map((_, system) => system).filter((system) => system !== data.baseline);
  const cards = [data.baseline, ...others].map((system) =>
    ofSystem(data, item, system, language, system === data.baseline ? null : base));
  const context = element("p", { dir: "auto", lang: language });
  const details = element("details", {}, element("summary", { textContent: "Context" }), context);
  details.addEventListener("toggle", () => {
    if (!context.hasChildNodes()) context.append(...contextOf(contexts[item.context], item.references));
  });
  const gold = element("bdi", { lang: language, textContent: item.references.join(" | ") });
  return element("li", {},
    element("p", { className: "about", textContent: `${task} · ${item.id}` }),
    element("h3", { dir: "auto", lang: language, textContent: item.question }),
    element("p", { className: "gold" }, "reference: ", gold),
    element("ul", { className: "answers" }, ...cards),
    details);
}

function questions(data) {
  const items = itemsOf(data);
  const filters = filtersOf(data);
  const orders = ordersOf(data);
  const [search, task, filter, order, list, more] = ["search", "task", "filter", "order", "list", "more"].map(byId);
  const fill = (select, names) => select.append(...names.map((name, n) => element("option", { value: n, textContent: name })));
  fill(task, ["all tasks", ...data.tasks.map((one) => one.task)]);
  fill(filter, filters.map(([name]) => name));
  fill(order, orders.map(([name]) => name));
  let matches = [];
  let shown = 0;

  function searchedText(item) {
    item.searched ??= fold([item.question, ...item.references, ...item.answers.map((one) => one[0])].join("\n"));
    return item.searched;
  }
  const searchedContexts = data.tasks.map((one) => one.contexts.map(() => null));
  const searchedContext = (task, n) => (searchedContexts[task][n] ??= fold(data.tasks[task].contexts[n]));
  function show() {
    const next = matches.slice(shown, shown + AT_A_TIME);
    list.append(...next.map((item) => shownItem(data, item)));
    shown += next.length;
    more.hidden = shown >= matches.length;
    byId("found").textContent =
      `${matches.length.toLocaleString("en")} of ${items.length.toLocaleString("en")} questions` +
      (shown < matches.length ? `, ${shown.toLocaleString("en")} shown` : "");
  }
  function answer() {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    // A context is looked through once, not for each of its questions.
    const inContext = words.map((word) =>
      searchedContexts.map((of, task) => of.map((_, n) => searchedContext(task, n).includes(word))));
    const wanted = Number(task.value) - 1;
    const [, keeps] = filters[filter.value];
    const [, rank] = orders[order.value];
    // An id is digits and letters without meaning: it matches as a whole, and not every number within it does.
    matches = items.filter((item) =>
      (wanted < 0 || item.task === wanted) && keeps(item) &&
      words.every((word, n) => inContext[n][item.task][item.context] || searchedText(item).includes(word) || item.id.toLowerCase() === word));
    if (rank) {
      const ranks = new Map(matches.map((item) => [item, rank(item)]));
      matches.sort((a, b) => ranks.get(b) - ranks.get(a));
    }
    list.replaceChildren();
    shown = 0;
    show();
  }

  byId("choice").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", answer);
  for (const select of [task, filter, order]) select.addEventListener("change", answer);
  more.addEventListener("click", () => {
    const first = shown;
    show();
    list.children[first].querySelector("summary").focus();  // the keyboard goes on where the new ones begin
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
  });
  byId("choice").hidden = false;
  answer();

  // What a search needs is made ready while nobody waits.
  let ready = 0;
  function prepare() {
    const end = Math.min(ready + 400, items.length);
    for (; ready < end; ready++) { searchedText(items[ready]); searchedContext(items[ready].task, items[ready].context); }
    if (ready < items.length) setTimeout(prepare);
    else document.body.dataset.ready = "yes";
  }
  setTimeout(prepare);
}

document.querySelectorAll("table.scores").forEach(sortable);
unpack(byId("answers").textContent).then(questions, () => {
  byId("found").textContent = "The questions cannot be unpacked: this browser is too old, or the file is damaged.";
});
