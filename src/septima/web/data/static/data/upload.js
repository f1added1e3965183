// A file that is too large is told before it is sent.
"use strict";
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-largest]");
  if (!form || event.target.type !== "file") return;
  const file = event.target.files[0];
  const largest = Number(form.dataset.largest);
  const megabytes = Math.floor(largest / 1048576);
  event.target.setCustomValidity(file && file.size > largest
    ? (document.documentElement.lang === "ru" ? `Файл больше ${megabytes}\u00a0МБ.` : `The file is larger than ${megabytes}\u00a0MB.`)
    : "");
  event.target.reportValidity();
});
