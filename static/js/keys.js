// Keyboard shortcuts: / searches, g and a letter goes to a page of the side
// navigation, ? lists them. All are off with <html data-shortcuts="off">, as
// speech input may type single letters by accident.
const off = document.documentElement.dataset.shortcuts === "off";
let pendingG = 0;

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
}

function search(event) {
  const box = document.getElementById("search");
  event.preventDefault();
  if (box?.checkVisibility()) box.focus();
  else document.querySelector(".topnav-icon")?.click();
}

function go(key, event) {
  const link = document.querySelector(`a[data-key="${CSS.escape(key)}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
}

if (!off) document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const afterG = event.timeStamp - pendingG < 1500;
  pendingG = event.key === "g" ? event.timeStamp : 0;
  if (event.key === "/") search(event);
  else if (event.key === "?") document.getElementById("shortcuts-dialog")?.showModal();
  else if (afterG && event.key !== "g") go(event.key, event);
});
