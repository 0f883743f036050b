"use strict";

/* Filters whose state stands in the fragment of the address ("#verdict=violated&attacker=off-path"), so that a view can
   be bookmarked, reloaded and sent. A fragment without "=" is an anchor. */

/**
 * Shows the form and calls `apply` with its values (by name, "" for no choice) whenever they change.
 * `reveals(element)` says whether an anchor's element is hidden by the filters; they are reset then.
 */
function filterBy(form, apply, reveals) {
  const fields = [...form.elements].filter((field) => field.name);
  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));

  function put(wanted) {
    for (const field of fields) {
      field.value = wanted.get(field.name) ?? "";
      if (field.value === "" && field.options) field.selectedIndex = 0;
    }
  }

  function store() {
    const chosen = new URLSearchParams(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    const address = location.href.split("#")[0];
    history.replaceState(null, "", chosen.size ? `${address}#${chosen}` : address);
  }

  function follow() {
    const fragment = location.hash.slice(1);
    const target = fragment && document.getElementById(fragment);
    if (fragment.includes("=")) {
      put(new URLSearchParams(fragment));
      apply(values());
      form.scrollIntoView();
    } else if (target && reveals(target)) {
      put(new URLSearchParams());
      apply(values());
      target.scrollIntoView();
    }
  }

  form.addEventListener("input", () => {
    store();
    apply(values());
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    put(new URLSearchParams());
    store();
    apply(values());
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  follow();
}
