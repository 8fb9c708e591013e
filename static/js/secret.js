// The page that shows a new secret access key: a file made from the page
// itself, a question before leaving without it, and nothing left behind.
// No secret, no listeners: every other page keeps its place in the cache.
const page = document.querySelector("[data-secret-page]");
if (page) guard(page);

function guard(page) {
  const text = (id) => document.getElementById(id)?.textContent.trim() ?? "";
  let saved = false;
  const save = () => { saved = true; };

  document.addEventListener("secret-saved", save);
  document.addEventListener("copy", () => {
    const secret = document.getElementById(page.dataset.secretId);
    if (secret && getSelection()?.containsNode(secret, true)) save();
  });
  page.addEventListener("click", (event) => {
    if (event.target.closest("[data-csv]")) download();
    if (event.target.closest("[data-done]")) save();
  });
  page.addEventListener("submit", (event) => {
    if (event.target.matches("[data-done]")) save();
  });

  function download() {
    const id = text(page.dataset.keyId), secret = text(page.dataset.secretId);
    if (!secret) return;
    const csv = `\ufeffAccess key ID,Secret access key\r\n${id},${secret}\r\n`;
    const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = page.dataset.file;
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
