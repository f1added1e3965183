// The numbers beside a text follow it as lines come and go; without this they are those of the kept text.
"use strict";

const text = document.getElementById("text");
const gutter = document.getElementById("gutter");
if (text && gutter) {
  text.addEventListener("input", () => {
    const count = text.value.split("\n").length;
    while (gutter.children.length > count) gutter.lastElementChild.remove();
    while (gutter.children.length < count) {
      const line = document.createElement("li");
      line.textContent = String(gutter.children.length + 1);
      gutter.append(line);
    }
    text.rows = count + 2;
  });
}
