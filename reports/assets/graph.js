"use strict";

/* Shows what one box of a graph stands for at a time, beside the graph. Without this script all of it is a list below. */
for (const section of document.querySelectorAll("section.graph")) {
  const boxes = [...section.querySelectorAll("a[data-node]")];
  const texts = [...section.querySelectorAll(".nodes > li")];
  const list = section.querySelector(".nodes");
  const said = document.createElement("p");

  function choose(number) {
    boxes.forEach((box) => {
      if (Number(box.dataset.node) === number) box.setAttribute("aria-current", "true");
      else box.removeAttribute("aria-current");
    });
    texts.forEach((text, place) => text.classList.toggle("chosen", place === number));
    list.scrollTop = 0;
  }

  /* The address names the node, as without a script, but the graph stays where it is. */
  function follow(event) {
    const link = event.target.closest(`a[href^="#"]`);
    const number = link ? texts.findIndex((text) => text.id === link.getAttribute("href").slice(1)) : -1;
    if (number < 0) return;
    event.preventDefault();
    history.replaceState(null, "", `#${texts[number].id}`);
    choose(number);
    texts[number].scrollIntoView({ block: "nearest" });
    said.textContent = `Shown: ${texts[number].querySelector("h3").textContent}`;
  }

  /* Brings a box into the middle of what a narrow screen shows of the graph. */
  function centre(box) {
    const view = box.closest(".scroll");
    const [inner, outer] = [box.getBoundingClientRect(), view.getBoundingClientRect()];
    view.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    view.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }

  /* What the address names; else a node in which something breaks; else the first. */
  function start() {
    const named = texts.findIndex((text) => text.id === location.hash.slice(1));
    const broken = texts.findIndex((text) => text.classList.contains("breaks"));
    const number = named >= 0 ? named : Math.max(broken, 0);
    choose(number);
    centre(boxes[number]);
  }

  section.addEventListener("click", follow);
  window.addEventListener("hashchange", start);
  section.classList.add("chooses");
  said.className = "said";
  said.setAttribute("aria-live", "polite");
  list.before(said);
  start();
}
