// What people type stays in this tab while their session may end: reload, sign in again,
// and the form is filled in. Passwords, codes and what looks like a secret are not kept,
// and what one person typed is never shown to another.
const prefix = "draft ";
const secret = /[A-Za-z0-9/+]{40}/;
const keyOf = (form) => `${prefix}${form.elements.person.value} ${form.getAttribute("action")}`;
const fieldsOf = (form) => [...form.elements].filter((field) =>
  field.matches('input[type="text"]:not([hidden], [autocomplete="one-time-code"]), textarea'));

function save(form) {
  const values = {};
  for (const field of fieldsOf(form)) {
    if (field.value && !secret.test(field.value)) values[field.name] = field.value;
  }
  sessionStorage.setItem(keyOf(form), JSON.stringify({ values }));
}

function restore(form, { values }) {
  for (const field of fieldsOf(form)) field.value = values[field.name] ?? field.value;
}

const draftKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));

addEventListener("input", ({ target }) => {
  if (target.form?.matches("[data-draft]")) save(target.form);
});
addEventListener("submit", ({ target }) => {
  if (target.matches("[data-draft]")) save(target);
  else if (target.getAttribute("action") === "/sign-out") draftKeys().forEach((key) => sessionStorage.removeItem(key));
});

// A draft outlives its page only by way of the sign-in page: on any other it is done, or
// was given up, and the browser's own Back still has it.
function settle() {
  const forms = [...document.querySelectorAll("form[data-draft]")];
  const signingIn = document.querySelector('form[action="/sign-in"], form[action="/sign-in/code"]');
  const failed = document.querySelector(".error-page");
  const person = forms[0]?.elements.person.value;
  for (const key of draftKeys()) {
    const draft = JSON.parse(sessionStorage.getItem(key));
    const form = forms.find((one) => keyOf(one) === key);
    if (signingIn) sessionStorage.setItem(key, JSON.stringify({ ...draft, ended: true }));
    else if (person && !key.startsWith(`${prefix}${person} `)) sessionStorage.removeItem(key);
    else if (draft.ended && form && !("entered" in form.dataset)) restore(form, draft);
    else if (!draft.ended && !failed && !(form && "entered" in form.dataset)) sessionStorage.removeItem(key);
  }
}
settle();
