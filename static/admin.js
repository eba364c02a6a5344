// The administration's completing fields and added rows, named for those who do not see them.
"use strict";
(() => {
  const label = (select) => {
    const written = document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.replace(/:$/, "");
    return written ?? select.closest("td")?.className.match(/field-(\S+)/)?.[1].replaceAll("_", " ") ?? select.name;
  };
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      for (const part of select.nextElementSibling?.querySelectorAll("[aria-labelledby], [role=textbox]") ?? []) {
        part.removeAttribute("aria-labelledby");
        part.setAttribute("aria-label", part.title ? `${label(select)}: ${part.title}` : label(select));
      }
    }
    for (const head of document.querySelectorAll("th.original:empty")) {
      head.innerHTML = '<span class="visually-hidden">Row</span>';
    }
  };
  // The fields are built and built again by scripts that tell nobody: with the page, with a row, with a choice.
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  name();
})();
