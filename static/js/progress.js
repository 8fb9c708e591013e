// The bar above a list while the account is read. The server tells how far it
// is; the page is only ever given texts and numbers. Tabs that nobody looks at
// listen to nothing: a browser opens few connections to one host.
const bar = document.querySelector("[data-stream]");
let source = null;
let refused = 0;
let told = null;
let picture = 0;
let quarter = null;

function announce(text) {
  document.getElementById("announce").textContent = text;
}

function listen() {
  source = new EventSource(bar.dataset.stream);
  source.addEventListener("message", ({ data }) => {
    refused = 0;
    show(JSON.parse(data));
  });
  // The browser tries again by itself, but not when it was answered with
  // anything but a stream: signed out, or too many of them.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && refused++ < 3) setTimeout(resume, 10_000 * refused);
  });
}

function show(now) {
  const [pause, resume] = bar.querySelectorAll("form");
  const progress = bar.querySelector("progress");
  bar.querySelector("[data-reading-text]").textContent = now.text;
  bar.querySelector("[data-reading-failed]").hidden = !now.failed;
  if (now.max > 0) {
    progress.max = now.max;
    progress.value = now.value;
  } else progress.removeAttribute("value");
  if (pause) {
    pause.hidden = now.paused || now.ended;
    resume.hidden = !now.paused;
  }
  const turned = now.ended || (told !== null && told.paused !== now.paused);
  speak(now, turned);
  // Numbers of pictures begin anew with every stream. The list must not say that
  // the reading goes on while the bar says that it is paused.
  if (now.ended || now.picture !== picture) document.dispatchEvent(new CustomEvent("new-picture", { detail: { parts: bar.dataset.parts, atOnce: turned } }));
  picture = now.picture;
  told = now;
  if (now.ended) source.close();
}

// speak says what changed for good, and how far it is at each quarter.
function speak(now, turned) {
  const reached = now.max > 0 ? Math.floor((4 * now.value) / now.max) : 0;
  const news = turned || (quarter !== null && reached > quarter);
  if (news) announce(now.text);
  quarter = reached;
}

function resume() {
  if (!document.hidden && !told?.ended && (!source || source.readyState === EventSource.CLOSED)) listen();
}

function leave() {
  source?.close();
  source = null;
}

if (bar) {
  resume();
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : resume()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && resume());
  // Back to the list as it is now, which is not what the page began with.
  bar.addEventListener("submit", ({ target }) => { target.elements.query.value = location.search.slice(1); });
}
