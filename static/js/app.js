// Everything a page does beyond HTML and CSS. Each part improves something
// that works without it. No markup is ever built from strings here.
const root = document.documentElement;
const wide = matchMedia("(width > 992px)");
const once = (form) => form.method === "post" && !("again" in form.dataset);

// announce speaks to screen readers without moving the focus.
function announce(text) {
  const status = document.getElementById("announce");
  if (!status) return;
  status.textContent = "";
  setTimeout(() => { status.textContent = text; }, 50);
}

// openDialog gives the focus back to the button that opened the menu the
// person came from: the menu item itself is gone by the time the dialog closes.
function openDialog(dialog, opener) {
  const menu = opener.closest("[popover]");
  const back = menu ? document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) : opener;
  menu?.hidePopover();
  dialog.showModal();
  dialog.querySelector("[data-autofocus]")?.focus();
  dialog.addEventListener("close", () => back?.focus(), { once: true });
}

async function copy(button) {
  const source = button.dataset.copyFrom ? document.getElementById(button.dataset.copyFrom) : null;
  const text = source ? source.href ?? source.textContent.trim() : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied");
    button.classList.add("copied");
    button.title = "Copied";
    if (source?.matches("[data-secret]")) document.dispatchEvent(new Event("secret-saved"));
  } catch {
    button.title = "Could not copy";
    announce("Could not copy. Select the text and copy it yourself.");
  }
}

function toggleNav(event) {
  if (!wide.matches) return;
  event.preventDefault();
  const closed = root.dataset.nav !== "closed";
  if (closed) root.dataset.nav = "closed";
  else delete root.dataset.nav;
  document.cookie = `nav=${closed ? "closed" : "open"}; path=/; max-age=31536000; samesite=lax`;
}

document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  const opener = hit("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (hit('[aria-disabled="true"]')) event.preventDefault();
  else if (dialog && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    openDialog(dialog, opener);
  } else if (hit("[data-close]")) hit("dialog")?.close();
  else if (event.target.matches("dialog")) event.target.close();
  else if (hit("[data-dismiss]")) hit(".flash").remove();
  else if (hit("[data-copy], [data-copy-from]")) copy(hit("[data-copy], [data-copy-from]"));
  else if (hit("[data-nav-toggle]")) toggleNav(event);
});

// A second click while the first is under way sends nothing. The button keeps
// its name and value in the form, so it is marked, not disabled.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !once(form)) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "true";
  for (const button of form.querySelectorAll('[type="submit"]')) button.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('[type="submit"]')) button.removeAttribute("aria-disabled");
  }
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-all]")) {
    for (const box of rowBoxes(target)) box.checked = target.checked;
  } else if (target.matches("[data-row]")) {
    const all = target.closest("table")?.querySelector("[data-select-all]");
    if (all) markAll(all);
  } else if (target.matches('[data-preview] [name="theme"], [data-preview] [name="density"]')) {
    if (target.value && target.value !== "system") root.dataset[target.name] = target.value;
    else delete root.dataset[target.name];
  }
});
const rowBoxes = (all) => [...all.closest("table").querySelectorAll("[data-row]:not(:disabled)")];
function markAll(all) {
  const ticked = rowBoxes(all).filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === rowBoxes(all).length;
  all.indeterminate = ticked > 0 && !all.checked;
}

// Drop-downs: the first item that does something takes the focus, the arrows walk
// over all. Where CSS cannot place a popover beside its button, this does.
document.addEventListener("toggle", ({ target, newState }) => {
  if (newState !== "open" || !target.matches(".menu")) return;
  if (!CSS.supports("position-area: block-end")) place(target);
  (target.querySelector("a, button:not([aria-disabled])") ?? target.querySelector("button"))?.focus();
}, true);
function place(menu) {
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`).getBoundingClientRect();
  Object.assign(menu.style, { inset: "auto", margin: "0", top: `${button.bottom + 4}px`, left: `${Math.max(8, button.right - menu.offsetWidth)}px` });
}
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const menu = step && event.target.closest(".menu");
  if (!menu) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("a, button")].filter((item) => item.checkVisibility());
  items[(items.indexOf(event.target) + step + items.length) % items.length]?.focus();
});

// A paste has several lines, whose ends an input loses.
const box = document.getElementById("search");
if (box) {
  const area = document.createElement("textarea");
  for (const { name, value } of box.attributes) if (name !== "type") area.setAttribute(name, value);
  area.rows = 1;
  area.value = box.value;
  const focused = document.activeElement === box;
  box.replaceWith(area);
  if (focused) area.focus();
}

// Enter searches all the same.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches('[role="search"] textarea')) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// Times: the server writes UTC, the person reads their own zone on hover, or
// in place where the exact time is what is shown.
function localTimes(within) {
  if (root.dataset.zone === "utc") return;
  const format = new Intl.DateTimeFormat("en-US", { year: "numeric", month: "long", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "longOffset" });
  for (const time of within.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    const local = format.format(at).replace(" at ", ", ").replace(/ (GMT\S*)$/, " ($1)").replace(/GMT(\+00:00)?/, "UTC");
    const utc = at.toISOString().slice(0, 16).replace("T", " ") + " UTC";
    time.title = `${local}\n${utc}`;
    if ("absolute" in time.dataset) time.textContent = local;
    const exact = time.querySelector("[data-exact]");
    if (exact) exact.textContent = ` (${local})`;
  }
}

// afterUpdate is what a freshly shown piece of page needs; live.js fires it.
function afterUpdate(within) {
  localTimes(within);
  for (const all of within.querySelectorAll("[data-select-all]")) markAll(all);
}
document.addEventListener("live-update", ({ target }) => afterUpdate(target));
afterUpdate(document);
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.querySelector('[aria-invalid="true"], main [data-autofocus]:not(dialog *)')?.focus();
