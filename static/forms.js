// Forms, better: what is typed is kept in this browser until the desk has it, and what is missing is said.
// Everything here works without this file too; it only saves work.
"use strict";

const WEEK = 7 * 24 * 60 * 60 * 1000;
const PREFIX = "releasedesk draft ";
const NEVER_KEPT = new Set(["csrfmiddlewaretoken", "key"]);

const storage = (() => {
  try {
    localStorage.setItem(`${PREFIX}?`, "");
    localStorage.removeItem(`${PREFIX}?`);
    return localStorage;
  } catch {
    return null; // switched off by the reader, or full
  }
})();

const read = (name) => {
  try {
    return JSON.parse(storage.getItem(name));
  } catch {
    return null;
  }
};

function forgetSavedAndOld() {
  const saved = document.cookie.split("; ").find((part) => part.startsWith("saved="))?.slice("saved=".length);
  for (const name of Object.keys(storage).filter((key) => key.startsWith(PREFIX))) {
    const draft = read(name);
    if (!draft || draft.key === saved || Date.now() - draft.at > WEEK) storage.removeItem(name);
  }
}

const controls = (form) =>
  [...form.elements].filter(({ name, type }) => name && type !== "submit" && type !== "button" && type !== "file" && !NEVER_KEPT.has(name));

const values = (form) =>
  Object.fromEntries(controls(form).map((control) => [control.name, control.type === "checkbox" ? control.checked : control.value]));

// Restoring also restores the revision that was read, so that the desk notices what others saved meanwhile.
function fill(form, kept) {
  for (const name of Object.keys(kept)) {
    const list = form.querySelector(`[data-rows="${CSS.escape(name.split("/")[0])}"]`);
    if (list && /^\w+\/\d+\//.test(name)) while (list.children.length <= Number(name.split("/")[1])) addRow(list);
  }
  for (const control of controls(form)) {
    if (!(control.name in kept)) continue;
    if (control.type === "checkbox") control.checked = kept[control.name];
    else control.value = kept[control.name];
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function sayRestored(form, at, fresh) {
  const notice = document.createElement("p");
  notice.className = "notice row";
  notice.setAttribute("role", "status");
  const time = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  notice.append(`What you typed until ${time} is back; it is not saved yet. `);
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "btn small";
  discard.textContent = "Discard it";
  discard.addEventListener("click", () => {
    fill(form, fresh);
    storage.removeItem(draftName(form));
    notice.remove();
    controls(form).find(({ type }) => type !== "hidden")?.focus();
  });
  notice.append(discard);
  form.before(notice);
}

const draftName = (form) => `${PREFIX}${form.dataset.draft} ${location.pathname}`;

function keepDraft(form) {
  const status = form.querySelector("[data-draft-status]");
  const fresh = values(form);
  // The page itself holds what was typed last, and what the desk has read from it.
  const refused = document.getElementById("wrong") !== null || form.dataset.answered !== undefined;
  const draft = read(draftName(form));
  const same = draft && Object.keys(draft.values).every((name) => draft.values[name] === (fresh[name] ?? ""));
  if (draft && !refused && !same) {
    fill(form, draft.values);
    sayRestored(form, draft.at, fresh);
  }
  let waiting;
  const keep = () => {
    clearTimeout(waiting);
    try {
      storage.setItem(draftName(form), JSON.stringify({ key: form.elements.key.value, at: Date.now(), values: values(form) }));
      if (status) status.textContent = "Draft kept in this browser.";
    } catch {
      if (status) status.textContent = "This browser keeps no draft: its storage is full.";
    }
  };
  if (form.dataset.answered !== undefined) keep();
  form.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  form.addEventListener("rows", keep);
  form.addEventListener("submit", keep);
}

// "Missing: …" beside a form, said again while it is being typed.
function sayMissing(form) {
  for (const list of form.querySelectorAll("[data-missing]")) {
    const say = () => {
      const empty = list.dataset.missing.split(" ").filter((name) => !form.elements[name]?.value.trim());
      const labels = empty.map((name) => form.querySelector(`label[for="${CSS.escape(name)}"]`)?.firstChild.textContent.trim() ?? name);
      const sentence = labels.length ? `Still missing: ${labels.join(", ")}.` : "Complete.";
      if (list.textContent !== sentence) list.textContent = sentence;
    };
    form.addEventListener("input", say);
    say();
  }
}

// Rows of a list: added, moved and removed here without asking the desk; their buttons would do it too.
const PATH = ["name", "id", "for", "aria-describedby", "value"];

function renumber(list) {
  const name = list.dataset.rows;
  [...list.children].forEach((row, number, rows) => {
    for (const element of row.querySelectorAll("[name], [id], [for]")) {
      for (const attribute of PATH.filter((at) => element.hasAttribute(at) && (at !== "value" || element.dataset.move))) {
        const text = element.getAttribute(attribute);
        element.setAttribute(attribute, attribute === "value" ? text.replace(/\d+$/, number) : text.replaceAll(new RegExp(`\\b${name}/\\d+/`, "g"), `${name}/${number}/`));
      }
    }
    row.querySelector("[data-number]").textContent = number + 1;
    row.querySelectorAll(".tools .unseen").forEach((words) => { words.textContent = words.textContent.replace(/\d+$/, number + 1); });
    row.querySelector('[data-move="up"]').disabled = number === 0;
    row.querySelector('[data-move="down"]').disabled = number === rows.length - 1;
  });
}

function addRow(list) {
  const row = list.lastElementChild.cloneNode(true);
  row.querySelectorAll(".error, .theirs").forEach((said) => said.remove());
  row.querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
  row.querySelectorAll("input, textarea, select").forEach((control) => {
    if (control.type === "checkbox") control.checked = false;
    else control.value = "";
  });
  list.append(row);
  renumber(list);
  return row;
}

function moveRow(list, row, verb) {
  const beside = verb === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (verb === "up") beside.before(row);
  else if (verb === "down") beside.after(row);
  else if (list.children.length > 1) row.remove();
  else {
    addRow(list);
    row.remove();
  }
  renumber(list);
  const here = verb === "remove" ? (beside?.isConnected ? beside : list.lastElementChild) : row;
  const again = here.querySelector(`[data-move="${verb}"]:enabled`);
  (verb === "remove" ? here.querySelector("input, select") : (again ?? here.querySelector("[data-move]:enabled"))).focus();
}

function handleRows(form) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-move]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.add) addRow(form.querySelector(`[data-rows="${button.dataset.add}"]`)).querySelector("input, select").focus();
    else moveRow(button.closest("[data-rows]"), button.closest("[data-rows] > *"), button.dataset.move);
    form.dispatchEvent(new CustomEvent("rows", { bubbles: true }));
  });
}

document.getElementById("wrong")?.focus();
document.querySelectorAll("form.form").forEach(handleRows);
if (storage) {
  forgetSavedAndOld();
  document.querySelectorAll("form[data-draft]").forEach(keepDraft);
}
document.querySelectorAll("form.form").forEach((form) => {
  sayMissing(form);
  form.addEventListener("submit", (event) => {
    // A second click while the first is under way sends nothing; the desk would not mind either.
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
});
window.addEventListener("pageshow", () => document.querySelectorAll("form.form").forEach((form) => delete form.dataset.sent));
