// A chart that its reader wants to explore is drawn again by Vega, which is loaded only then.
"use strict";

// The script may hold no code made from text, so expressions are interpreted (`ast`) and nothing is evaluated.
const loaded = new Map();

function loadScript(address) {
  if (!loaded.has(address)) {
    loaded.set(address, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => { loaded.delete(address); reject(new Error(address)); };
      document.head.append(script);
    }));
  }
  return loaded.get(address);
}

// Charts are drawn in the colours of paper; a page puts those of its theme in their place.
const TOKENS = {
  "#1c2126": "--ink", "#5a636b": "--quiet", "#d9dde1": "--hairline", "#edf0f2": "--track", "#ffffff": "--paper",
  "#005f99": "--accent", "#8dbbd8": "--accent-middle", "#d3e5f1": "--accent-light",
};

function inTheme(specification) {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  let text = JSON.stringify(specification);
  for (const [colour, token] of Object.entries(TOKENS)) {
    probe.style.color = `var(${token})`;
    text = text.replaceAll(`"${colour}"`, `"${getComputedStyle(probe).color}"`);
  }
  probe.remove();
  return JSON.parse(text);
}

async function explore(button) {
  const figure = document.getElementById(button.dataset.target);
  const said = button.textContent;
  button.textContent = button.dataset.wait;
  button.disabled = true;
  try {
    const [answer] = await Promise.all([fetch(button.dataset.explore), loadScript(button.dataset.script)]);
    if (!answer.ok) throw new Error(String(answer.status));
    const chart = await answer.json();
    const place = document.createElement("div");
    figure.append(place);
    await window.septimaCharts(place, inTheme(chart.specification), {
      ast: true, actions: false, renderer: "svg", defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
      formatLocale: chart.formatLocale, timeFormatLocale: chart.timeFormatLocale,
    });
    for (const drawn of figure.querySelectorAll(".on-laptop, .on-phone")) drawn.hidden = true;
    for (const drawn of figure.querySelectorAll(".on-laptop, .on-phone")) drawn.style.display = "none";
    figure.classList.add("explored");
    button.remove();
  } catch (error) {
    button.disabled = false;
    button.textContent = said;
    throw error;
  }
}

const offer = () => { for (const button of document.querySelectorAll("[data-explore][hidden]")) button.hidden = false; };
offer();
document.addEventListener("htmx:afterSwap", offer);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-explore]");
  if (button) explore(button);
});
