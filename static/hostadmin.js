// Makes pages pleasant; none needs it. Nothing here builds markup from text.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (target, type, listener) => target.addEventListener(type, listener);

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

async function pageAt(url) {
	const answer = await fetch(url);
	return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function say(text) {
	$("#live").textContent = text;
}

// -- theme: one switch; back at the colours of the system, nothing is remembered

function initTheme() {
	const root = document.documentElement.dataset;
	const system = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
	on($("[data-theme-button]"), "click", () => {
		const chosen = (root.theme || system()) === "dark" ? "light" : "dark";
		// Without a choice in this browser, that of the account counts, then the system's.
		if (chosen === system() && !root.home) delete root.theme;
		else root.theme = chosen;
		stored("theme", chosen === (root.home || system()) ? null : chosen);
		say(`Theme: ${chosen}`);
	});
	for (const form of $$("[data-forget-theme]")) on(form, "submit", () => stored("theme", null));
}

// -- menus: one open at a time, closed by Escape and by a click elsewhere

function initMenus() {
	const close = (kept) => {
		for (const menu of $$("details.pop[open]")) if (!menu.contains(kept)) menu.open = false;
	};
	const toggled = ({ target }) => {
		if (!target.open || !target.matches(".pop")) return;
		close(target);
		if (target.matches(".add-filter")) $("select", target).focus();
	};
	// This event does not bubble.
	document.addEventListener("toggle", toggled, true);
	on(document, "click", ({ target }) => close(target));
	on(document, "keydown", (event) => {
		if (event.key !== "Escape") return;
		const open = $("details.pop[open]");
		if (!open) return $("#filters:target .button")?.click();
		open.open = false;
		$("summary", open).focus();
	});
}

// -- what a link with data-swap leads to takes its place: the part with the same id

function initSwap() {
	on(document, "click", async (event) => {
		const link = event.target.closest("a[data-swap]");
		if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		const place = link.closest("[id]");
		place.setAttribute("aria-busy", "true");
		try {
			const found = $(`#${place.id}`, await pageAt(link.href));
			place.replaceWith(found);
			$("a, summary", found).focus();
		} catch {
			location.assign(link.href);
		}
	});
}

// Columns move in their panel; the button keeps the focus.
function initColumns() {
	on(document, "click", (event) => {
		const button = event.target.closest(".choose-columns li button");
		if (!button) return;
		event.preventDefault();
		const item = button.closest("li");
		if (button.name === "up") item.after(item.previousElementSibling ?? "");
		else item.before(item.nextElementSibling ?? "");
		say(`Column ${[...item.parentElement.children].indexOf(item) + 1}`);
	});
}

// What a page left uncounted is asked for once its place is in sight.
function initLater() {
	const ask = async (url, selector, root) => {
		for (const counted of $$(selector, await pageAt(url))) {
			const place = document.getElementById(counted.id);
			if (place && root.contains(place) && !place.contains(document.activeElement)) place.replaceWith(counted);
		}
	};
	const watch = (place, url, selector) => new IntersectionObserver(([seen], watcher) => {
		if (!seen.isIntersecting) return;
		watcher.disconnect();
		// Without an answer, the links that count are still there.
		ask(url, selector, place).catch(() => {});
	}).observe(place);
	for (const side of $$("[data-more]")) watch(side, side.dataset.more, ".facet");
	for (const card of $$("[data-later]")) watch(card, card.dataset.later, `#${card.id}`);
}

// What is cut, and exact times, are shown where the mouse is.
function initTitles() {
	on(document, "mouseover", ({ target }) => {
		const place = target.closest("td, .facet li span");
		if (!place || place.title || $("[title]", place)) return;
		const time = $("time", place);
		if (time) place.title = time.dateTime.replace("T", " ").replace("Z", " UTC");
		else if (place.scrollWidth > place.clientWidth) place.title = place.textContent.trim();
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

// -- "Add filter": only the conditions that the chosen field has

function initAddFilter() {
	for (const form of $$("[data-add-filter]")) {
		const [field, op, value] = ["field", "op", "value"].map((name) => form.elements[`add_${name}`]);
		const update = () => {
			const known = field.selectedOptions[0].dataset.ops.split(" ");
			for (const option of op.options) option.hidden = option.disabled = !known.includes(`${option.index}`);
			if (op.selectedOptions[0]?.hidden ?? true) op.selectedIndex = known[0];
			value.closest(".field").hidden = op.value === "empty";
		};
		on(form, "change", update);
		update();
	}
}

// -- copy

function initCopy() {
	for (const button of $$("[data-copy]")) {
		const source = $("[data-copy-text]", button.parentElement);
		const words = $("span", button);
		on(button, "click", async () => {
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

// -- suggestions below a field (an ARIA combobox)

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
				on(option, "mousedown", (event) => {
					event.preventDefault();
					choose(item);
				});
				return option;
			}));
			list.close();
			options.hidden = !found.length;
			input.setAttribute("aria-expanded", String(found.length > 0));
			if (found.length) say(`Suggestions: ${found.length}`);
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
			} else if (event.key === "Tab" && !event.shiftKey && /\S$/.test(input.value)) {
				choose(items[Math.max(active, 0)]);
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
			this.stop();
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

// -- the query: fields, operators and values where the cursor is

function initQuery(input) {
	input.removeAttribute("list");
	// The text that suggestions are for.
	let shown;
	const take = ({ text, start, end }) => {
		const typed = input.value.length - shown.length;
		if (!input.value.startsWith(shown) || (typed && end < shown.length)) return;
		input.setRangeText(text, start, end + typed, "end");
		shown = "\n";
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
		(found) => {
			shown = input.value;
			list.show(found.suggestions || [], parts);
		},
	);
	on(input, "input", () => question.later());
	on(input, "keydown", (event) => {
		if (event.isComposing || list.takes(event)) return;
		if (event.key === "ArrowDown") question.now();
		else if (event.key === "Enter") question.stop();
		else if (event.key === "Escape") {
			// Browsers would empty the field.
			event.preventDefault();
			input.blur();
		}
	});
	on(input, "blur", () => {
		question.stop();
		list.close();
	});
}

// -- names with commas between become chips with suggestions

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
		on(remove, "click", () => {
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

	on(input, "input", () => {
		if (input.value.includes(",")) add(input.value);
		save();
		question.later();
	});
	on(input, "keydown", (event) => {
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
	on(input, "blur", () => {
		question.stop();
		if (input.value.trim()) add(input.value);
		list.close();
	});
	on(box, "click", (event) => {
		if (event.target === box) input.focus();
	});

	original.type = "hidden";
	original.removeAttribute("id");
	original.before(box);
	for (const name of names) box.insertBefore(chip(name), input);
}

// -- ticked rows are kept over the pages of one query

function initTicks() {
	const form = $("#bulk");
	// What was ticked is done with.
	if ($("[data-unticked]")) stored("ticked", null, "sessionStorage");
	if (!form) return;
	const boxes = $$(".tick [name=ids]");
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
		on(box, "click", (event) => {
			const [from, to] = [Math.min(last, index), Math.max(last, index)];
			set(event.shiftKey && last >= 0 ? boxes.slice(from, to + 1) : [box], box.checked);
			last = index;
		});
	});
	on(page, "click", () => set(boxes, page.checked));
	on(all, "change", show);
	on($("[data-untick]", form), "click", () => {
		ids.clear();
		all.checked = false;
		set([], false);
		boxes[0].focus();
	});
	// Also for a page that the back button brings back as it was left.
	on(window, "pageshow", (event) => {
		if (event.persisted) ids.clear();
		load();
	});
}

// -- cells: a click filters by the value, a double click edits it where it is

const columnOf = (cell) => cell.closest("table").rows[0].cells[cell.cellIndex].className.slice(4);

async function editCell(cell) {
	const row = cell.parentElement;
	const edit = $(".edit a", row);
	if (!edit || !columnOf(cell) || $("form, time", cell)) return;
	const url = new URL(edit.href.replace("/edit/", "/field/"));
	url.searchParams.set("name", columnOf(cell));
	url.searchParams.set("url", location.pathname + location.search);
	const form = $("main form", await pageAt(url));
	// What has no form of its own is edited with the rest.
	if (!form) return location.assign(edit.href);
	const before = [...cell.childNodes];
	cell.replaceChildren(form);
	form.className = "cell pop-panel";
	for (const input of $$("[data-kind=names]", form)) initNames(input);
	const field = $("input:not([type=hidden]), select, textarea", form);
	field.focus();
	field.select?.();
	const close = () => cell.replaceChildren(...before);
	on($("a", form), "click", (event) => {
		event.preventDefault();
		close();
	});
	on(form, "keydown", (event) => {
		if (event.key !== "Escape") return;
		close();
		$("a", row).focus();
	});
	on(form, "submit", () => stored("place", `${scrollY} ${row.rowIndex}`, "sessionStorage"));
}

function filterBy(cell, target) {
	const column = columnOf(cell)?.replace("groups", "group");
	const known = $(`#add-field option[value="${column}"]`)?.dataset.ops.split(" ");
	const chip = target.closest(".chip");
	if (!known?.includes(`${$("#add-op [value=equals]").index}`) || $("time, a, form", cell) || (column === "group" && !chip)) return;
	const text = chip || (column === "ip" ? cell.firstChild : cell);
	const url = new URL(location);
	url.searchParams.delete("cursor");
	if ($(".unset", cell)) url.searchParams.append(`flt_${column}_empty`, "1");
	else url.searchParams.append(`flt_${column}_equals`, text.textContent);
	location.assign(url);
}

function initCells() {
	const [top, index] = (stored("place", undefined, "sessionStorage") || "").split(" ");
	stored("place", null, "sessionStorage");
	const row = index && $(".rows")?.rows[index];
	if (row) {
		scrollTo(0, top);
		$("a", row).focus({ preventScroll: true });
	}
	let timer = 0;
	const cellOf = (event) => !event.target.closest("a, input, form") && event.target.closest(".hosts tbody td");
	on(document, "click", (event) => {
		const cell = cellOf(event);
		clearTimeout(timer);
		if (!cell || event.detail > 1 || innerWidth < 641 || !getSelection().isCollapsed) return;
		timer = setTimeout(() => filterBy(cell, event.target), 300);
	});
	on(document, "dblclick", (event) => {
		const cell = cellOf(event);
		if (cell) editCell(cell);
	});
}

// -- keys

const GO = { h: "/hosts/", s: "/stats/", g: "/groups/", i: "/import/", c: "/changes/" };

function showDialog(...parts) {
	const dialog = element("dialog", { class: "card" }, ...parts);
	document.body.append(dialog);
	on(dialog, "close", () => dialog.remove());
	on(dialog, "click", ({ target }) => target === dialog && dialog.close());
	dialog.showModal();
}

function jump() {
	if ($("#jump")) return;
	const label = "Jump to a host, group, view or page";
	const input = element("input", { id: "jump", type: "search", "aria-label": label, placeholder: label });
	const box = element("div", { class: "find" }, input);
	const list = combobox(input, box, "Found", ({ url }) => location.assign(url));
	const question = asking(
		input, 120,
		() => `${new URL("../jump/", $(".brand").href)}?q=${encodeURIComponent(input.value)}`,
		(found) => list.show(found, ({ name, kind }) => [element("code", {}, name), element("span", {}, kind)]),
	);
	on(input, "input", () => question.later());
	on(input, "keydown", (event) => {
		if (!list.takes(event) && event.key === "Enter") $("li", box)?.dispatchEvent(new Event("mousedown"));
	});
	showDialog(box);
}

function initKeys() {
	const toggle = $("[data-keys-switch]");
	const keysOn = () => stored("keys") !== "off";
	if (toggle) {
		toggle.checked = keysOn();
		on(toggle, "change", () => stored("keys", toggle.checked ? null : "off"));
	}
	let going = 0;
	const rows = () => $$(".rows tbody tr");
	let clicked = null;
	on(document, "pointerdown", ({ target }) => (clicked = target.closest(".rows tr")));
	const here = () => {
		const at = rows().findIndex((row) => row.contains(document.activeElement));
		return at < 0 ? rows().indexOf(clicked) : at;
	};
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
		e: () => {
			const at = document.activeElement;
			const cell = at.matches("td") ? at : !at.closest("tr") && $(".hosts tbody td:hover");
			if (cell && !$("a", cell)) return editCell(cell);
			return follow(here() >= 0 ? $(".edit a", rows()[here()]) : $("[data-key=e]"));
		},
		x: () => follow(here() >= 0 && $(".tick input", rows()[here()])),
		n: () => follow($("[data-key=n]")),
		"[": () => follow($("[rel=prev]")),
		"]": () => follow($("[rel=next]")),
		"?": async () => showDialog($("#keys", await pageAt($(".site-tools a[href]").href))),
	};
	on(document, "keydown", (event) => {
		const typing = event.target.closest("input, select, textarea, [contenteditable]");
		if (event.ctrlKey || event.metaKey) {
			if (event.key === "k") {
				event.preventDefault();
				jump();
			} else if (event.key === "Enter" && typing?.form) typing.form.requestSubmit($(".primary", typing.form));
		}
		if (typing || event.ctrlKey || event.metaKey || event.altKey || !keysOn()) return;
		const beside = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
		const cell = beside && document.activeElement.closest(".hosts td")?.[`${beside}ElementSibling`];
		if (cell) {
			event.preventDefault();
			cell.tabIndex = -1;
			cell.focus();
		} else if (Date.now() - going < 1500 && GO[event.key]) {
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

// -- forms: a second press on the way to the next page sends nothing again

function initForms() {
	const sent = new WeakSet();
	let typed = false;
	// Whoever leaves what they typed is asked first.
	on(document, "input", ({ target }) => {
		if (target.closest("main form.form[method=post]:not(.ask)")) typed = true;
	});
	on(window, "beforeunload", (event) => {
		if (typed) event.preventDefault();
	});
	on(document, "submit", (event) => {
		const form = event.target;
		if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
		if (sent.has(form)) event.preventDefault();
		sent.add(form);
		typed = false;
		// Without an answer, it can be tried once more.
		setTimeout(() => sent.delete(form), 3000);
	});
}

// -- a job: its page looks how far it is, and goes on when it has ended

function initJob() {
	const job = $("[data-job]");
	const look = async () => {
		try {
			const answer = await fetch(location.href);
			const found = new DOMParser().parseFromString(await answer.text(), "text/html");
			const now = $("[data-job]", found);
			if (!now && answer.ok) return location.replace(answer.url);
			if (now) job.replaceChildren(...now.childNodes);
		} catch {
			// The server may be back the next time.
		}
		setTimeout(look, 1000);
	};
	if (job) setTimeout(look, 1000);
}

document.body.append(element("div", { id: "live", class: "visually-hidden", role: "status", "aria-live": "polite" }));
initTheme();
initMenus();
initSwap();
initColumns();
initLater();
initTitles();
initTables();
initAddFilter();
initCopy();
for (const input of $$("input[data-complete]")) initQuery(input);
for (const input of $$("input[data-kind=names]")) initNames(input);
initTicks();
initCells();
initKeys();
initForms();
initJob();
const summary = $("[data-focus]");
if (summary) summary.focus();
