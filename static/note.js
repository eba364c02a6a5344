/* The note: saved as a draft while it is typed, previewed beside it. Without this file both are buttons. */
"use strict";
(() => {
  const form = document.querySelector("form.note");
  const says = document.getElementById("saved");
  const preview = document.getElementById("preview");
  const PAUSE = 1500; // ms without a key

  const ask = (action) => {
    const body = new FormData(form);
    body.set("action", action);
    return fetch(form.getAttribute("action"), { // `form.action` is the buttons of that name
      method: "POST",
      body: new URLSearchParams(body),
      headers: { "HX-Request": "true" },
      credentials: "same-origin",
    });
  };
  const written = () => {
    const data = new FormData(form);
    for (const name of ["revision", "csrfmiddlewaretoken"]) data.delete(name);
    return new URLSearchParams(data).toString();
  };
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const isProblem = (answer) => (answer.headers.get("Content-Type") || "").startsWith("application/problem+json");
  const why = async (answer) => {
    if (!isProblem(answer)) {
      if (answer.status !== 403) return `the desk answered ${answer.status}.`;
      return "you are signed out. Press Save draft to sign in again; what you typed goes with you.";
    }
    const problem = await answer.json();
    const [wrong] = problem.errors;
    return wrong ? `${wrong.detail} Expected: ${wrong.expected}.` : problem.detail;
  };

  let known = written();
  let waiting = 0;
  let saving = null; // a save under way
  let stopped = !("autosave" in form.dataset);

  const save = async () => {
    const now = written();
    if (stopped || saving || now === known) return;
    says.textContent = "Saving …";
    try {
      const answer = await ask("draft");
      if (answer.ok) {
        form.elements.revision.value = (await answer.json()).revision;
        known = now;
        says.textContent = `Saved ${clock()}`;
      } else {
        // Somebody else was faster, or finished it: saving on would only repeat the refusal.
        stopped = answer.status === 409 || answer.status === 412;
        says.textContent = `Not saved: ${await why(answer)} What you typed is still here.`;
      }
    } catch {
      says.textContent = "Not saved: the desk cannot be reached. What you typed is still here.";
    }
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      await saving;
      saving = save();
      await saving;
      saving = null;
    }, PAUSE);
  };

  const show = async () => {
    const answer = await ask("preview");
    if (!answer.ok) {
      says.textContent = `No preview: ${await why(answer)}`;
      return;
    }
    preview.lastElementChild.innerHTML = await answer.text(); // sanitised by the desk
    preview.hidden = false;
  };

  let live = 0;
  form.addEventListener("input", () => {
    soon();
    if (preview.hidden) return;
    clearTimeout(live);
    live = setTimeout(show, 300);
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value === "preview") {
      event.preventDefault();
      await show();
      preview.focus();
      return;
    }
    clearTimeout(waiting);
    if (!saving) return;
    event.preventDefault(); // its revision is about to change
    await saving;
    form.requestSubmit(event.submitter);
  });
})();
