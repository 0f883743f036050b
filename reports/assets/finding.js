"use strict";

// The page tells all steps below each other. With a script they are gone through one at a time: the fragment of the
// address says which one is shown, the chart follows, and the list of what the attacker knows grows.
(() => {
  const steps = [...document.querySelectorAll(".steps > li")];
  if (!steps.length) return;
  const sentences = steps.map((step) => step.querySelector(".sentence"));
  const PAGE = 5;
  const MARGIN = 16;
  const stepper = document.getElementById("stepper");
  const controls = document.getElementById("controls");
  const position = document.getElementById("position");
  const said = document.getElementById("said");
  const all = document.getElementById("all");
  const box = document.getElementById("chart-box");
  const drawn = [...box.querySelectorAll("[data-step]")];
  const learned = [...document.querySelectorAll("#knowledge > li")];
  const ignorant = document.getElementById("ignorant");
  let current = 1;
  let together = false;

  const wanted = () => {
    const found = /^#step-(\d+)$/.exec(location.hash);
    const number = found ? Number(found[1]) : 0;
    return number >= 1 && number <= steps.length ? number : 0;
  };

  const paint = () => {
    steps.forEach((step, at) => {
      step.hidden = !together && at + 1 !== current;
      step.classList.toggle("current", together && at + 1 === current);
    });
    drawn.forEach((group) => group.classList.toggle("current", Number(group.dataset.step) === current));
    learned.forEach((line) => {
      const since = Number(line.dataset.since);
      line.hidden = !together && since > current;
      line.classList.toggle("new", since === current);
    });
    if (ignorant) ignorant.hidden = learned.some((line) => !line.hidden);
    position.textContent = `Step ${current} of ${steps.length}`;
    for (const button of controls.querySelectorAll("[data-go]")) {
      const end = ["first", "back"].includes(button.dataset.go) ? 1 : steps.length;
      button.setAttribute("aria-disabled", String(current === end));
    }
  };

  // Scrolls within the chart's own box only: the page stays where the reader has it.
  const follow = () => {
    const group = drawn.find((each) => Number(each.dataset.step) === current);
    if (!group) return;
    const area = group.getBoundingClientRect();
    const inside = [...group.querySelectorAll(".arrow, .act, .change, .note")].map((each) => each.getBoundingClientRect());
    const left = Math.min(...inside.map((each) => each.left)) - area.left - MARGIN;
    const right = Math.max(...inside.map((each) => each.right)) - area.left + MARGIN;
    box.scrollTop += area.top + area.height / 2 - box.getBoundingClientRect().top - box.clientHeight / 2;
    if (inside.length) box.scrollLeft = Math.min(left, right - box.clientWidth);
  };

  const show = (number) => {
    current = Math.min(Math.max(number, 1), steps.length);
    paint();
    follow();
    said.textContent = `Step ${current} of ${steps.length}: ${sentences[current - 1].textContent}`;
  };

  const go = (number) => {
    show(number);
    history.replaceState(null, "", `#step-${current}`);
    if (together) steps[current - 1].scrollIntoView({ block: "nearest" });
  };

  const targets = {
    first: () => 1,
    back: () => current - 1,
    forward: () => current + 1,
    last: () => steps.length,
  };
  controls.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (button) go(targets[button.dataset.go]());
  });
  all.addEventListener("click", () => {
    together = !together;
    all.setAttribute("aria-pressed", String(together));
    paint();
  });
  box.addEventListener("click", (event) => {
    const group = event.target.closest("[data-step]");
    if (group) go(Number(group.dataset.step));
  });

  // Home, End and the page keys scroll the page, unless the reader is in the box of the steps.
  const keys = { ArrowLeft: targets.back, ArrowRight: targets.forward };
  const keysWithin = {
    ...keys,
    Home: targets.first,
    End: targets.last,
    PageUp: () => current - PAGE,
    PageDown: () => current + PAGE,
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], .scroll, pre")) return;
    const known = stepper.contains(event.target) ? keysWithin : keys;
    if (!Object.hasOwn(known, event.key)) return;
    event.preventDefault();
    go(known[event.key]());
  });

  addEventListener("hashchange", () => {
    const number = wanted();
    if (number) {
      show(number);
      steps[number - 1].querySelector("h3").focus();
    }
  });

  controls.hidden = false;
  box.classList.add("follows");
  show(wanted() || 1);
})();

// A link into a folded part opens it.
(() => {
  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    const fold = target && target.closest("details");
    if (!fold) return;
    fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
})();

(() => {
  const said = document.getElementById("copied");
  for (const button of document.querySelectorAll("button.copy")) {
    const text = button.parentElement.querySelector("code");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        said.textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(text);
        said.textContent = "Selected; copy it with the keyboard.";
      }
    });
  }
})();
