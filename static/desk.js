// What pages do better with JavaScript. Nothing here is needed to use them.
"use strict";

// -- times: the reader's own zone; the exact one on hover ------------------------------------------------------
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const soon = new Intl.DateTimeFormat([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

function dayOf(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}

function inWords(at, now) {
  const seconds = (now - at) / 1000;
  if (seconds >= 0 && seconds < 60) return "just now";
  if (seconds >= 0 && seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  const days = Math.round((dayOf(now) - dayOf(at)) / 86400000);
  if (days === 0) return `today ${clock.format(at)}`;
  if (days === 1) return `yesterday ${clock.format(at)}`;
  if (days === -1) return `tomorrow ${clock.format(at)}`;
  if (days < 0 && days > -7) return soon.format(at);
  return days > 0 && days < 7 ? weekday.format(at) : date.format(at);
}

function showTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const words = inWords(at, now);
    if (element.textContent !== words) element.textContent = words;
    element.title = exact.format(at);
  }
}

// -- copying: a button beside every command -------------------------------------------------------------------
function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const pre of root.querySelectorAll("pre[data-copy]:not([data-offered])")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn small copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(pre.textContent.trim());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    pre.dataset.offered = "yes";
    const both = document.createElement("div");
    both.className = "copies";
    pre.replaceWith(both);
    both.append(pre, button);
  }
}

// -- keys -----------------------------------------------------------------------------------------------------
let awaiting = "";

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

const keys = {
  "/": () => document.getElementById("search"),
  "gb": () => document.querySelector('.bar a[href="/"]'),
  "r": wayBack,
};

// On the board: of the row that has the focus, else the most urgent.
function wayBack() {
  const own = document.activeElement.closest("tr")?.querySelector("[data-key=r]");
  return own ?? document.querySelector(".danger[data-key=r]") ?? document.querySelector("[data-key=r]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const pressed = awaiting + event.key;
  awaiting = event.key === "g" ? "g" : "";
  if (event.key === "?") {
    document.getElementById("keys")?.showModal();
    return;
  }
  const target = keys[pressed]?.();
  if (!target) return;
  event.preventDefault();
  if (target.matches("a")) target.click();
  else target.focus();
});

// -- the board asks whether anything changed, and is answered 304 in one query --------------------------------
document.addEventListener("htmx:configRequest", (event) => {
  const version = event.detail.elt.dataset.version;
  if (version) event.detail.headers["If-None-Match"] = `"${version}"`;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.dataset.version && document.hidden) event.preventDefault(); // a hidden page need not ask
});

// A swap takes the focused link away; the same link in what came gets the focus back.
let focused = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const active = document.activeElement;
  focused = event.detail.target.contains(active) ? active.getAttribute("href") ?? `#${active.id}` : null;
});

// A live region that arrives with its words is read by few; one that was there before is read by all.
function announce() {
  const said = document.querySelector("main .unseen[role=status]");
  if (!said) return;
  said.removeAttribute("role");
  const announced = document.getElementById("announced");
  if (announced.textContent !== said.textContent) announced.textContent = said.textContent;
}

document.addEventListener("htmx:afterSwap", () => {
  ready(document);
  announce();
  if (focused) linkTo(focused)?.focus({ preventScroll: true });
});

// What came is no `:target`, though the page's address names it. Before it settles, htmx would take the class away.
document.addEventListener("htmx:afterSettle", () => {
  if (location.hash) linkTo(location.hash)?.classList.add("unfolded");
});

function linkTo(address) {
  if (/^#./.test(address)) return document.getElementById(address.slice(1));
  return [...document.links].find((link) => link.getAttribute("href") === address);
}

// -- a clock that runs, in the words of the server ---------------------------------------------------------------
function inSeconds(total) {
  const counts = [[Math.floor(total / 86400), "d"], [Math.floor(total / 3600) % 24, "h"], [Math.floor(total / 60) % 60, "min"], [total % 60, "s"]];
  const first = counts.findIndex(([count]) => count);
  if (first < 0) return "under 1 s";
  return counts.slice(first, first + 2).filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function secondsSince(at) {
  return Math.max(0, Math.round((Date.now() - new Date(at)) / 1000));
}

function runClocks() {
  for (const clock of document.querySelectorAll("[data-clock]")) clock.textContent = inSeconds(secondsSince(clock.dataset.clock));
  for (const bar of document.querySelectorAll("progress[data-since]")) bar.value = secondsSince(bar.dataset.since);
}

// -- a desk that does not answer: the page says so, and stays as it is ------------------------------------------
function sayAway(away) {
  const notice = document.getElementById("away");
  if (notice) notice.hidden = !away;
}

document.addEventListener("htmx:sendError", () => sayAway(true));
document.addEventListener("htmx:responseError", (event) => { if (event.detail.xhr.status >= 500) sayAway(true); });
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr?.status && event.detail.xhr.status < 500) sayAway(false); });

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-print]")) window.print();
});

function ready(root) {
  showTimes(root);
  offerCopies(root);
  for (const button of root.querySelectorAll("[data-print]")) button.hidden = false;
}

ready(document);
setInterval(() => showTimes(document), 30000);
setInterval(runClocks, 1000);
