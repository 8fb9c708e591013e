// The page that shows a new secret access key: a file made from the page
// itself, a question before leaving without it, and nothing left behind.
// No secret, no listeners: every other page keeps its place in the cache.
const page = document.querySelector("[data-secret-page]");
if (page) guard(page);

function guard(page) {
  const text = (id) => document.getElementById(id)?.textContent ?? "";
  const cell = (value) => /[",;\s]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  let saved = false;
  const save = () => { saved = true; };

  document.addEventListener("secret-saved", save);
  document.addEventListener("copy", () => {
    const secret = document.getElementById(page.dataset.secretId);
    if (secret && getSelection()?.containsNode(secret, true)) save();
  });
  page.addEventListener("click", (event) => {
    const csv = event.target.closest("[data-csv]");
    if (csv) download(csv.dataset.profile);
    if (event.target.closest("[data-done]")) save();
  });
  page.addEventListener("submit", (event) => {
    if (event.target.matches("[data-done]")) save();
  });

  // With a profile, the file is one that `aws configure import` takes: it knows
  // neither quotes nor what has to stand in them, which the server checks.
  function download(profile) {
    const id = text(page.dataset.keyId), secret = text(page.dataset.secretId);
    if (!secret) return;
    const csv = profile
      ? `User Name,Access key ID,Secret access key\r\n${profile},${id},${secret}\r\n`
      : `\ufeffAccess key ID,Secret access key\r\n${cell(id)},${cell(secret)}\r\n`;
    const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = profile ? page.dataset.file.replace(/\.csv$/, "_import.csv") : page.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    save();
  }

  addEventListener("beforeunload", (event) => {
    if (!saved) event.preventDefault();
  });
  // The browser may keep this page for Back; the secret must not be in it.
  addEventListener("pagehide", () => {
    for (const node of document.querySelectorAll("[data-secret]")) node.remove();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(page.dataset.leave);
  });
}
