"use strict";

/* The filters of the lists of statements and claims: each item says what it is in data-… attributes named as the fields. */
{
  const form = document.getElementById("filters");
  const count = document.getElementById("count");
  const items = [...document.querySelectorAll(".items > li")];
  const noun = count?.dataset.noun;
  const texts = new Map();

  /* What a search looks at: all but the folded lists. Gathered at the first search only. */
  function textOf(item) {
    if (!texts.has(item)) {
      const parts = [...item.querySelectorAll(".searched")].map((part) => part.textContent);
      texts.set(item, parts.join(" ").toLowerCase());
    }
    return texts.get(item);
  }

  function fits(item, wanted) {
    const words = (wanted.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = Object.entries(wanted).filter(([name, value]) => name !== "text" && value);
    return chosen.every(([name, value]) => item.dataset[name] === value) && words.every((word) => textOf(item).includes(word));
  }

  function apply(wanted) {
    for (const item of items) item.hidden = !fits(item, wanted);
    const shown = items.filter((item) => !item.hidden).length;
    count.textContent = `${shown} of ${items.length} ${noun}`;
  }

  if (form) filterBy(form, apply, (target) => Boolean(target.closest("[hidden]")));
}
