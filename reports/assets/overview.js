"use strict";

/* The filters of page one. Choosing a reading puts the verdicts that are known under it in place of those of the run. */
{
  const form = document.getElementById("filters");
  const count = document.getElementById("count");
  const known = JSON.parse(document.getElementById("changed").textContent);
  const sections = [...document.querySelectorAll("section.table")];
  const cells = [...document.querySelectorAll(".matrix td[id]")];
  const replaced = new Map();

  /* Undoes what an earlier reading put into the cells. */
  function restore() {
    for (const [cell, [names, nodes]] of replaced) {
      cell.className = names;
      cell.replaceChildren(...nodes);
    }
    replaced.clear();
  }

  function put(cell, verdict) {
    const was = document.createElement("small");
    const nodes = [...cell.childNodes];
    replaced.set(cell, [cell.className, nodes]);
    cell.className = `${verdict} changed`;
    cell.replaceChildren(verdict, " ", was);
    was.append("was ", ...nodes.map((node) => node.cloneNode(true)));
  }

  function read(name) {
    restore();
    for (const [id, verdict] of Object.entries(known[name] ?? {})) {
      const cell = document.getElementById(id);
      if (!cell.classList.contains(verdict)) put(cell, verdict);
    }
  }

  function told(section, name) {
    const tried = [...section.querySelectorAll("td[id]")].filter((cell) => cell.id in (known[name] ?? {}));
    const changed = tried.filter((cell) => cell.classList.contains("changed")).length;
    if (!tried.length) return `Not tried with ${name}: the verdicts stand as run.`;
    return `With ${name}: ${changed} changed of ${tried.length} tried. The other verdicts were not tried and stand as run.`;
  }

  function fits(cell, wanted, names) {
    const verdict = !wanted.verdict || cell.classList.contains(wanted.verdict);
    const [attacker, property] = names;
    return verdict && (!wanted.attacker || wanted.attacker === attacker) && (!wanted.property || wanted.property === property);
  }

  /* Hides rows and columns that were not asked for; within what is left, verdicts that were not. Returns how many fit. */
  function narrow(section, wanted) {
    const attackers = [...section.querySelectorAll("thead th")].map((head) => head.dataset.name);
    let fitting = 0;
    for (const row of section.querySelectorAll("tr")) {
      const [head, ...others] = row.cells;
      let hits = 0;
      others.forEach((cell, column) => {
        cell.hidden = Boolean(wanted.attacker) && attackers[column] !== wanted.attacker;
        if (!cell.id) return;
        const fit = fits(cell, wanted, [attackers[column], head.dataset.name]);
        cell.classList.toggle("off", !fit);
        hits += fit;
      });
      if (row.parentElement.tagName === "TBODY") row.hidden = !hits;
      fitting += hits;
    }
    return fitting;
  }

  function apply(wanted) {
    read(wanted.reading);
    let fitting = 0;
    let shown = 0;
    for (const section of sections) {
      const { scenario, reading } = section.dataset;
      const here = (!wanted.scenario || wanted.scenario === scenario) && (!wanted.reading || !reading || wanted.reading === reading);
      const hits = here ? narrow(section, wanted) : 0;
      const note = section.querySelector(".note");
      section.hidden = !hits;
      note.hidden = !wanted.reading || Boolean(reading);
      if (!note.hidden) note.textContent = told(section, wanted.reading);
      fitting += hits;
      shown += hits > 0;
    }
    const changed = wanted.reading ? `; ${replaced.size} changed by the reading` : "";
    count.textContent = `${fitting} of ${cells.length} verdicts, in ${shown} of ${sections.length} tables${changed}`;
  }

  const hidden = (target) => Boolean(target.closest("[hidden], .off"));
  if (form) filterBy(form, apply, hidden);
}
