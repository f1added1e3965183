// What the pages do beyond HTML and htmx. Every page works without it.
"use strict";

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent === "yes" && form.method === "post") {
    event.preventDefault();
    return;
  }
  if (form.method === "post") form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest && event.target.closest("form");
  if (form) delete form.dataset.sent;
});

// What is chosen in a form with data-apply takes effect at once.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.hasAttribute("data-apply")) form.requestSubmit();
});

// Where tabs do not fit the screen, the one that is shown is moved into sight.
for (const tab of document.querySelectorAll(".subnav [aria-current]")) {
  const tabs = tab.parentElement;
  tabs.scrollLeft = Math.max(0, tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2);
}

// Long work is told of.
let asked = 0;
const working = () => document.getElementById("working");
document.addEventListener("htmx:beforeRequest", () => { asked += 1; working().classList.add("on"); });
document.addEventListener("htmx:afterRequest", () => {
  asked = Math.max(0, asked - 1);
  if (asked === 0) working().classList.remove("on");
});

// Errors of partial updates are told instead of passed over.
document.addEventListener("htmx:responseError", (event) => {
  const target = document.getElementById("working");
  target.classList.add("on", "failed");
  target.firstElementChild.textContent = document.documentElement.lang === "ru"
    ? `Сайт ответил ошибкой ${event.detail.xhr.status}. Обновите страницу.`
    : `The site answered with error ${event.detail.xhr.status}. Reload the page.`;
});

// A button with data-copy copies the text of the element that it names.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  navigator.clipboard.writeText(source.value || source.textContent).then(() => {
    button.dataset.done = "yes";
    setTimeout(() => delete button.dataset.done, 1500);
  });
});

// The phone's menu closes by Escape.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu-on-phone[open]")) menu.open = false;
});
