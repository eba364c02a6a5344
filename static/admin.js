// The administration's completing fields and added rows, named for those who do not see them.
"use strict";
(() => {
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
      const column = select.closest("td")?.className.match(/field-(\S+)/)?.[1].replaceAll("_", " ");
      const words = label?.textContent.replace(/:$/, "") ?? column ?? select.name;
      for (const part of select.nextElementSibling.querySelectorAll("[aria-labelledby], [role=textbox]")) {
        part.removeAttribute("aria-labelledby");
        part.setAttribute("aria-label", part.title ? `${words}: ${part.title}` : words);
      }
    }
    for (const head of document.querySelectorAll("th.original:empty")) {
      head.innerHTML = '<span class="visually-hidden">Row</span>';
    }
  };
  window.addEventListener("load", name);
  document.addEventListener("formset:added", () => setTimeout(name));
  // What is chosen is part of the name; the widget tells only jQuery of a choice.
  window.addEventListener("load", () => window.django?.jQuery?.(document).on("change", "select", () => setTimeout(name)));
})();
