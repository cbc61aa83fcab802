// Makes pages pleasant; none needs it. Nothing here builds markup from text.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function stored(key, value, place = "localStorage") {
  try {
    const storage = window[place];
    if (value === undefined) return storage.getItem(key);
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, value);
  } catch {
    // Storage is switched off: what was chosen lasts for this page.
  }
  return null;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function say(text) {
  $("#live").textContent = text;
}

// -- theme: one switch; back at the colours of the system, nothing is remembered ------

function initTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = () => (dark.matches ? "dark" : "light");
  const root = document.documentElement.dataset;
  // Without a choice in this browser, that of the account counts, then the system's.
  const home = () => root.home || system();
  const current = () => root.theme || system();
  const buttons = $$("[data-theme-button]");
  const label = () => {
    const other = current() === "dark" ? "light" : "dark";
    for (const button of buttons) button.title = `Switch to ${other} colours`;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const chosen = current() === "dark" ? "light" : "dark";
      if (chosen === system() && !root.home) delete root.theme;
      else root.theme = chosen;
      stored("theme", chosen === home() ? null : chosen);
      label();
      say(`Theme: ${chosen}`);
    });
  }
  for (const form of $$("[data-forget-theme]")) form.addEventListener("submit", () => stored("theme", null));
  dark.addEventListener("change", label);
  label();
}

// -- menus: one open at a time, closed by Escape and by a click elsewhere ---------------

function initMenus() {
  const menus = $$("details.pop, details.site-menu");
  for (const menu of menus) {
    menu.addEventListener("toggle", () => {
      if (!menu.open) return;
      for (const other of menus) if (other !== menu) other.open = false;
      if (menu.matches(".add-filter")) $("select", menu).focus();
    });
  }
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && menus.find((menu) => menu.open);
    if (!open) return;
    open.open = false;
    $("summary", open).focus();
  });
}

// -- facets: what "count" and "more…" lead to comes into the page ------------------------

function initFacets() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-facet]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const facet = link.closest(".facet");
    facet.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href);
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const counted = $(`#${facet.id}`, found);
      facet.replaceWith(counted);
      $("a", counted).focus();
    } catch {
      location.assign(link.href);
    }
  });
}

// The heads of columns stay in sight where the table is not wider than its place.
function initTables() {
  for (const box of $$(".list .scroll")) {
    new ResizeObserver(() => {
      box.classList.toggle("fits", $("table", box).offsetWidth <= box.clientWidth);
    }).observe(box);
  }
}

// -- "Add filter": only the conditions that the chosen field has ------------------------

function initAddFilter() {
  for (const form of $$("[data-add-filter]")) {
    const field = $("[name=add_field]", form);
    const op = $("[name=add_op]", form);
    const value = $("[name=add_value]", form).closest(".field");
    const all = $$("option", op);
    const update = () => {
      const known = field.selectedOptions[0].dataset.ops.split(" ");
      const chosen = op.value;
      op.replaceChildren(...known.map((name) => all.find((option) => option.value === name)));
      op.value = known.includes(chosen) ? chosen : known[0];
      showValue();
    };
    const showValue = () => {
      value.hidden = op.value === "empty";
    };
    field.addEventListener("change", update);
    op.addEventListener("change", showValue);
    update();
  }
}

// -- copy -------------------------------------------------------------------------------

function initCopy() {
  for (const button of $$("[data-copy]")) {
    const source = $("[data-copy-text]", button.parentElement);
    const words = $("span", button);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        words.textContent = "Copied";
        say("Copied");
      } catch {
        // Only secure pages may write to the clipboard: select it for the person.
        getSelection().selectAllChildren(source);
        words.textContent = "Press Ctrl+C";
        say("Selected; press Ctrl+C to copy");
      }
      setTimeout(() => (words.textContent = "Copy"), 3000);
    });
  }
}

// -- suggestions below a field (an ARIA combobox) ----------------------------------------

function combobox(input, box, label, choose) {
  const id = `${input.id}-options`;
  const options = element("ul", { id, class: "options", role: "listbox", "aria-label": label });
  const attributes = { role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  box.append(options);
  let items = [];
  let active = -1;
  const list = {
    close() {
      options.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    },
    // Shows an option for each item; ``parts`` gives what stands in it.
    show(found, parts) {
      items = found;
      options.replaceChildren(...found.map((item, index) => {
        const option = element("li", { role: "option", id: `${id}-${index}`, "aria-selected": "false" }, ...parts(item));
        // Before blur, which closes the list.
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          choose(item);
        });
        return option;
      }));
      list.close();
      options.hidden = !found.length;
      input.setAttribute("aria-expanded", String(found.length > 0));
      if (found.length) say(`${found.length} suggestions`);
    },
    // Whether the key was one for the list.
    takes(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (options.hidden) return false;
      if (step) {
        const all = $$("li", options);
        if (active >= 0) all[active].setAttribute("aria-selected", "false");
        active = (active + step + all.length + (active < 0 && step < 0 ? 1 : 0)) % all.length;
        all[active].setAttribute("aria-selected", "true");
        all[active].scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", all[active].id);
      } else if (event.key === "Enter" && active >= 0) {
        choose(items[active]);
      } else if (event.key === "Escape") {
        event.stopPropagation();
        list.close();
      } else return false;
      event.preventDefault();
      return true;
    },
  };
  list.close();
  return list;
}

// Calls ``ask`` when nothing was typed for a moment, and ``show`` with the last answer.
function asking(input, delay, ask, show) {
  let asked = 0;
  let timer = 0;
  return {
    later() {
      clearTimeout(timer);
      timer = setTimeout(this.now, delay);
    },
    async now() {
      const mine = (asked += 1);
      let found = [];
      try {
        const url = ask();
        const answer = url && (await fetch(url));
        if (answer && answer.ok) found = await answer.json();
      } catch {
        // Without an answer there is nothing to choose from.
      }
      if (mine === asked && document.activeElement === input) show(found);
    },
    stop() {
      clearTimeout(timer);
      asked += 1;
    },
  };
}

// -- the query: fields, operators and values where the cursor is -------------------------

function initQuery(input) {
  input.removeAttribute("list");
  const take = ({ text, start, end }) => {
    input.setRangeText(text, start, end, "end");
    question.now();
  };
  const list = combobox(input, input.form, "Suggestions", take);
  const parts = (one) => [
    element("code", {}, one.label),
    element("span", {}, one.count === null ? one.description : one.count.toLocaleString("en")),
  ];
  const question = asking(
    input, 150,
    () => `${input.dataset.complete}?q=${encodeURIComponent(input.value)}&cursor=${input.selectionStart}`,
    (found) => list.show(found.suggestions || [], parts),
  );
  input.addEventListener("input", () => question.later());
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.takes(event)) return;
    if (event.key === "ArrowDown") question.now();
    else if (event.key === "Enter") question.stop();
  });
  input.addEventListener("blur", () => {
    question.stop();
    list.close();
  });
}

// -- names with commas between become chips with suggestions ------------------------------

function initNames(original) {
  const names = original.value.split(",").map((name) => name.trim()).filter(Boolean);
  const input = element("input", {
    type: "text", id: original.id, spellcheck: "false", autocapitalize: "none", placeholder: "type a name",
  });
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (original.hasAttribute(name)) input.setAttribute(name, original.getAttribute(name));
  }
  const box = element("div", { class: "names" }, input);

  const chip = (name) => {
    const remove = element("button", { type: "button", "aria-label": `Remove ${name}` }, "×");
    const made = element("span", { class: "chip" }, name, remove);
    remove.addEventListener("click", () => {
      names.splice(names.indexOf(name), 1);
      made.remove();
      save();
      say(`Removed ${name}`);
      input.focus();
    });
    return made;
  };
  // The field that is sent keeps what is still being typed, too.
  const save = () => {
    const typed = input.value.trim();
    original.value = (typed && !names.includes(typed) ? [...names, typed] : names).join(", ");
  };
  const add = (text) => {
    for (const name of text.split(",").map((part) => part.trim())) {
      if (!name || names.includes(name)) continue;
      names.push(name);
      box.insertBefore(chip(name), input);
      say(`Added ${name}`);
    }
    input.value = "";
    save();
    list.close();
  };
  const list = combobox(input, box, "Suggestions", add);
  const question = asking(
    input, 120,
    () => {
      const typed = input.value.trim();
      return typed && original.dataset.suggest && `${original.dataset.suggest}?term=${encodeURIComponent(typed)}`;
    },
    (found) => list.show(found.filter((name) => !names.includes(name)), (name) => [name]),
  );

  input.addEventListener("input", () => {
    if (input.value.includes(",")) add(input.value);
    save();
    question.later();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.takes(event)) return;
    if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Backspace" && !input.value && names.length) {
      box.children[names.length - 1].remove();
      say(`Removed ${names.pop()}`);
      save();
    }
  });
  input.addEventListener("blur", () => {
    question.stop();
    if (input.value.trim()) add(input.value);
    list.close();
  });
  box.addEventListener("click", (event) => {
    if (event.target === box) input.focus();
  });

  original.type = "hidden";
  original.removeAttribute("id");
  original.before(box);
  for (const name of names) box.insertBefore(chip(name), input);
}

// -- ticked rows are kept over the pages of one query ------------------------------------

function initTicks() {
  const form = $("#bulk");
  // What was ticked is done with.
  if ($("[data-unticked]")) stored("ticked", null, "sessionStorage");
  if (!form) return;
  const boxes = $$(".col-select [name=ids]");
  const page = $("[data-tick-page]");
  const all = $("[name=all]", form);
  const query = $("[name=q]", form).value;
  const elsewhere = () => $$("[type=hidden][name=ids]", form);
  const ids = new Set([...boxes.filter((box) => box.checked), ...elsewhere()].map((box) => box.value));
  let last = -1;

  const show = () => {
    for (const box of boxes) box.checked = ids.has(box.value);
    const here = boxes.filter((box) => box.checked).length;
    page.checked = here > 0 && here === boxes.length;
    page.indeterminate = here > 0 && !page.checked;
    for (const input of elsewhere()) input.remove();
    for (const id of ids) {
      if (boxes.some((box) => box.value === id)) continue;
      form.append(element("input", { type: "hidden", name: "ids", value: id }));
    }
    const away = ids.size - here;
    const few = `${ids.size} selected${away ? `, ${away} on other pages` : ""}`;
    $("[data-ticked]", form).textContent = all.checked ? "All selected" : few;
  };
  const load = () => {
    const [of, text] = JSON.parse(stored("ticked", undefined, "sessionStorage")) || [];
    for (const id of of === query ? text.split(",") : []) ids.add(id);
    show();
  };
  const set = (some, on) => {
    for (const box of some) on ? ids.add(box.value) : ids.delete(box.value);
    stored("ticked", ids.size ? JSON.stringify([query, [...ids].join()]) : null, "sessionStorage");
    show();
  };

  boxes.forEach((box, index) => {
    box.addEventListener("click", (event) => {
      const [from, to] = [Math.min(last, index), Math.max(last, index)];
      set(event.shiftKey && last >= 0 ? boxes.slice(from, to + 1) : [box], box.checked);
      last = index;
    });
  });
  page.addEventListener("click", () => set(boxes, page.checked));
  all.addEventListener("change", show);
  $("[data-untick]", form).addEventListener("click", () => {
    ids.clear();
    all.checked = false;
    set([], false);
    boxes[0].focus();
  });
  // Also for a page that the back button brings back as it was left.
  addEventListener("pageshow", (event) => {
    if (event.persisted) ids.clear();
    load();
  });
}

// -- keys -------------------------------------------------------------------------------

const GO = { h: "/hosts/", s: "/stats/", g: "/groups/" };

function initKeys() {
  const toggle = $("[data-keys-switch]");
  const on = () => stored("keys") !== "off";
  if (toggle) {
    toggle.checked = on();
    toggle.addEventListener("change", () => stored("keys", toggle.checked ? null : "off"));
  }
  let going = 0;
  const rows = () => $$(".rows tbody tr");
  const here = () => rows().findIndex((row) => row.contains(document.activeElement));
  const row = (step) => {
    const all = rows();
    const at = here();
    const link = all.length && $("a", all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]);
    if (link) link.focus();
  };
  const follow = (link) => link && link.click();
  const actions = {
    "/": () => {
      const find = $("#find");
      const menu = $(".add-filter");
      if (find) find.select();
      if (find) find.focus();
      else if (menu) menu.open = true;
    },
    j: () => row(1),
    k: () => row(-1),
    e: () => follow(here() >= 0 ? $(".col-actions a", rows()[here()]) : $("[data-key=e]")),
    x: () => follow(here() >= 0 && $(".col-select input", rows()[here()])),
    n: () => follow($("[data-key=n]")),
    "[": () => follow($(".pager [rel=prev]")),
    "]": () => follow($(".pager [rel=next]")),
    "?": () => follow($(".site-tools a[href]")),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !on()) return;
    if (Date.now() - going < 1500 && GO[event.key]) {
      going = 0;
      event.preventDefault();
      follow($$(".site-nav a").find((link) => link.pathname.endsWith(GO[event.key])));
    } else if (event.key === "g") {
      going = Date.now();
    } else if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      actions[event.key]();
    }
  });
}

// -- forms: a second press on the way to the next page sends nothing again -------------

function initForms() {
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
    if (sent.has(form)) event.preventDefault();
    sent.add(form);
    // Without an answer, it can be tried once more.
    setTimeout(() => sent.delete(form), 3000);
  });
}

document.body.append(element("div", { id: "live", class: "visually-hidden", role: "status", "aria-live": "polite" }));
initTheme();
initMenus();
initFacets();
initTables();
initAddFilter();
initCopy();
for (const input of $$("input[data-complete]")) initQuery(input);
for (const input of $$("input[data-kind=names]")) initNames(input);
initTicks();
initKeys();
initForms();
const summary = $("[data-focus]");
if (summary) summary.focus();
