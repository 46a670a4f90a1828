/* Comfort for pages that work without it: theme, copying, keys, one submit a form, focus on errors.
   Texts come from data attributes, so that they are translated. */
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  function stored(key, value) {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch {
      return null; // storage is blocked: this page only
    }
  }

  const themes = ["auto", "light", "dark"];
  function setTheme(theme) {
    root.dataset.theme = theme;
    for (const button of all("[data-theme-toggle]")) {
      const label = button.dataset[theme];
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  }
  function nextTheme() {
    const theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
    stored("theme", theme);
    setTheme(theme);
  }

  function selectText(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  async function copy(button) {
    const source = document.getElementById(button.dataset.copyTarget);
    const status = (button.closest("[data-copyable]") || document).querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      announce(status, button.dataset.copied);
    } catch {
      // No clipboard outside HTTPS, or refused: mark the text, so that Ctrl+C takes it.
      selectText(source);
      announce(status, button.dataset.copyFailed);
    }
  }
  function announce(status, text) {
    if (!status) return;
    status.textContent = ""; // the same words again are no news: they have to go and come
    setTimeout(() => (status.textContent = text || ""), 50);
  }

  const keysOn = () => stored("keys") !== "off";
  let first = "";
  function typing(target) {
    return target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog") !== null;
  }
  function moveRow(step) {
    const links = all("[data-rows] > *, #result_list tbody tr").map((row) => row.querySelector("a[href], button")).filter((link) => link?.checkVisibility());
    const here = links.findIndex((link) => link.closest("tr, li")?.contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
    links[next]?.focus();
  }
  function press(event) {
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const keys = first ? `${first} ${event.key}` : event.key;
    first = event.key === "g" && !first ? "g" : "";
    const link = document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
    if (link) {
      event.preventDefault();
      if (link.matches("input")) link.select(), link.focus();
      else link.click();
    } else if (keys === "j" || keys === "k") {
      event.preventDefault();
      moveRow(keys === "j" ? 1 : -1);
    }
  }
  // Esc leaves what was opened or gone to by a key: the filters, the look-up; not while a word is composed.
  function leave(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    const filters = event.target.closest("details.filters[open]");
    if (filters) {
      filters.open = false;
      filters.querySelector("summary").focus();
    } else if (event.target.matches("[data-keys='/']")) {
      event.target.blur();
    }
  }

  function guardSubmit(event) {
    const form = event.target;
    const mayAgain = [form, event.submitter].some((each) => each && "resubmit" in each.dataset);
    if (event.defaultPrevented || form.method !== "post" || mayAgain) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    // Later, because a disabled button would not send its own name and value.
    setTimeout(() => all("button, input[type=submit]", form).forEach((button) => {
      if (!button.disabled) button.dataset.guarded = button.disabled = true;
    }));
  }
  function release() {
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
    all("[data-guarded]").forEach((button) => {
      button.disabled = false;
      delete button.dataset.guarded;
    });
  }

  function nameCells(table) {
    const heads = all("thead th", table).map((head) => (head.querySelector(".text") || head).textContent.trim());
    for (const row of all("tbody tr", table)) {
      [...row.cells].forEach((cell, index) => {
        if (heads[index] && !cell.dataset.label) cell.dataset.label = heads[index];
      });
    }
  }

  function nameAllCells() {
    all("#result_list, .table-stack").forEach(nameCells);
  }
  // Also while the page is still read: on a phone a name takes a line, and nothing may move once it is shown.
  const reading = new MutationObserver(nameAllCells);

  // How many rows of a list are selected, on the button that takes them along.
  function countSelected() {
    const isAcross = all(".select-across").some((input) => input.value === "1");
    const count = all(".action-select:checked").length || "";
    all("[data-selected-count]").forEach((place) => (place.textContent = isAcross ? place.dataset.selectedCount : count));
  }

  function select(event) {
    if (event.target.matches(".action-select, #action-toggle, .selection [role=button]")) countSelected();
  }

  function click(event) {
    const button = event.target.closest("[data-copy-target], [data-theme-toggle], [data-opens]");
    if (!button) return;
    if ("themeToggle" in button.dataset) nextTheme();
    else if (button.dataset.opens) document.getElementById(button.dataset.opens).showModal();
    else copy(button);
  }

  function start() {
    setTheme(root.dataset.theme);
    reading.disconnect();
    nameAllCells();
    const keysSwitch = document.querySelector("[data-keys-switch]");
    if (keysSwitch) {
      keysSwitch.checked = keysOn();
      keysSwitch.addEventListener("change", () => stored("keys", keysSwitch.checked ? "on" : "off"));
    }
    document.querySelector("[data-error-summary]")?.focus();
    const goOn = document.querySelector("[data-go-on]"); // a page that grew is whole now
    if (goOn) location.replace(goOn.href);
  }

  // The question marks of the admin's own widgets: to a screen reader they are pictures.
  function markPictures() {
    all(".help-tooltip[aria-label]").forEach((tip) => tip.setAttribute("role", "img"));
  }

  root.dataset.js = "";
  root.dataset.theme = themes.includes(stored("theme")) ? stored("theme") : "auto";
  reading.observe(root, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("click", click);
  document.addEventListener("change", select);
  document.addEventListener("click", select);
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", leave);
  document.addEventListener("submit", guardSubmit);
  window.addEventListener("load", () => setTimeout(markPictures));
  window.addEventListener("pageshow", release);
  window.addEventListener("pageshow", countSelected); // who comes back finds the boxes as they were
})();
