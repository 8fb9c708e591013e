// Lists that follow what is typed. A form with data-live="#a,#b" is a plain
// GET form; here its answer is fetched and only those parts are replaced, so
// that focus and scroll stay. Anything unexpected falls back to real
// navigation. Never loaded on a page that holds a secret.
const policy = window.trustedTypes?.createPolicy("app", { createHTML: (html) => html });
let request = null;
let timer = 0;

const split = (parts) => parts.split(",").map((part) => part.trim());
const liveForm = () => document.querySelector("form[data-live]");

function formURL(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") query.append(name, value);
  return `${form.action.split("?")[0]}?${query}`;
}

async function fetchPage(url) {
  request?.abort();
  const mine = request = new AbortController();
  try {
    const answer = await fetch(url, { signal: mine.signal, credentials: "same-origin", redirect: "error", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const html = await answer.text();
    return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
  } finally {
    if (request === mine) request = null;
  }
}

function swap(parts, page) {
  for (const selector of parts) {
    const fresh = page.querySelector(selector);
    const old = document.querySelector(selector);
    if (!fresh || !old) throw new Error(`no ${selector} in the answer`);
  }
  const focus = document.activeElement?.closest("a[data-live-link]") && focusPath(document.activeElement);
  for (const selector of parts) {
    const fresh = document.adoptNode(page.querySelector(selector));
    document.querySelector(selector).replaceWith(fresh);
    fresh.dispatchEvent(new Event("live-update", { bubbles: true }));
  }
  if (focus) document.querySelectorAll(focus.selector)[focus.index]?.focus();
}

// A followed link is replaced with its part; the link in the same place takes
// the focus, so that sorting by keyboard goes on.
function focusPath(link) {
  const selector = "a[data-live-link]";
  return { selector, index: [...document.querySelectorAll(selector)].indexOf(link) };
}

async function show(url, push) {
  const form = liveForm();
  const parts = split(form.dataset.live);
  const table = document.querySelector(parts.at(-1));
  table?.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(url);
    const summary = page.querySelector("[data-live-count]")?.textContent.trim();
    swap(parts, page);
    if (push) history.pushState({ live: true }, "", url);
    else history.replaceState({ live: true }, "", url);
    if (summary) document.getElementById("announce").textContent = summary;
  } catch (problem) {
    if (problem.name !== "AbortError") location.assign(url);
  }
}

// A secret pasted into the search of a list does not become an address: that of a GET
// form stays in the browser's history. What is one is said in iamsvc/paste.
const longRun = /[A-Za-z0-9/+]{40,}/g;
const isSecret = (run) => run.length === 40 && /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9/+]/.test(run);

// A user's name may look like one. Search knows, and takes the text in a POST.
const names = new Set();

async function isUserName(text) {
  if (/[^A-Za-z0-9]/.test(text)) return false;
  const answer = await fetch("/search", { method: "POST", body: new URLSearchParams({ q: text }), credentials: "same-origin", headers: { Accept: "text/html" } });
  return answer.redirected && new URL(answer.url).pathname.endsWith(`/users/${text}`);
}

async function allow(field, form) {
  const text = field.value.trim();
  if (!await isUserName(text) || field.value.trim() !== text) return;
  names.add(text);
  if (!refused(field)) show(formURL(form), false);
}

function refused(field) {
  const secret = (field.value.match(longRun) ?? []).some((run) => isSecret(run) && !names.has(run));
  field.setCustomValidity(secret ? "This looks like a secret access key. It was not searched for." : "");
  return !field.reportValidity();
}

document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-live]");
  if (!form || target.matches("select, [type=date]")) return;
  clearTimeout(timer);
  timer = 0;
  if (refused(target)) {
    allow(target, form);
    return;
  }
  timer = setTimeout(() => {
    timer = 0;
    show(formURL(form), false);
  }, 250);
});
document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-live]");
  if (form?.reportValidity() && target.matches("select, [type=date], [type=checkbox], [type=radio]")) show(formURL(form), true);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-live]")) return;
  event.preventDefault();
  clearTimeout(timer);
  timer = 0;
  show(formURL(event.target), true);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-live-link]");
  if (!link || !liveForm() || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.href, true);
});

// Only entries made here are ours to redraw: a jump to #main fires popstate too.
if (liveForm()) {
  history.replaceState({ live: true }, "");
  addEventListener("popstate", ({ state }) => {
    if (state?.live) location.reload();
  });
}

// A newer picture of the account, as progress.js hears: what it changes is
// fetched again, now and then, and never under somebody's hands.
const pictureEvery = 5000;
let wanted = null;
let redrawing = false;
let due = 0;
let planned = 0;

document.addEventListener("new-picture", ({ detail }) => {
  wanted = split(detail.parts);
  if (detail.atOnce) due = 0;
  plan();
});

function plan() {
  clearTimeout(planned);
  if (wanted && !redrawing) planned = setTimeout(redraw, Math.max(0, due - Date.now()));
}

async function redraw() {
  if (busy() || !wanted.some(free)) {
    due = Date.now() + 1000;
    return plan();
  }
  const url = location.href;
  let rest = wanted;
  wanted = null;
  redrawing = true;
  try {
    const page = await fetchPage(url);
    if (url === location.href && !busy()) {
      const parts = rest.filter(free);
      swap(parts, page);
      rest = rest.filter((selector) => !parts.includes(selector));
    }
  } catch {
    rest = []; // Signed out, or the server is gone: what is shown stays, the next click tells.
  }
  if (rest.length) wanted ??= rest;
  redrawing = false;
  due = Date.now() + pictureEvery;
  plan();
}

const busy = () => document.hidden || timer || request || document.querySelector("dialog[open], :popover-open");

// free: nobody points at the part, is in it, or has selected something of it.
function free(selector) {
  const part = document.querySelector(selector);
  const selected = getSelection();
  return part && !part.matches(":hover, :focus-within") && !part.querySelector("[data-row]:checked") && (selected.isCollapsed || !selected.containsNode(part, true));
}
