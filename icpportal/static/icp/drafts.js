/* What somebody typed is there again after the language was switched, after a session ended and after an answer that
   failed. It is kept in this tab alone, for the page it was typed on and for the person who typed it, until that page
   is shown again or they sign out. Passwords, one-time codes and hidden fields are never kept. */
"use strict";
(() => {
  const PREFIX = "draft ";
  const here = PREFIX + location.pathname + location.search;
  const UNKEPT = ["hidden", "password", "file", "submit", "button"];

  function store(work) {
    try {
      return work(sessionStorage);
    } catch {
      return null; // storage is blocked: nothing is kept
    }
  }
  const drafts = () => store((storage) => Object.keys(storage).filter((key) => key.startsWith(PREFIX))) || [];
  const read = (key) => store((storage) => JSON.parse(storage.getItem(key)));
  const write = (key, draft) => store((storage) => storage.setItem(key, JSON.stringify(draft)));
  const forget = (key) => store((storage) => storage.removeItem(key));
  const person = () => document.querySelector("[data-person]")?.dataset.person || "";

  function fields() {
    return [...document.querySelectorAll('main form[method="post"]:not(#changelist-form)')]
      .flatMap((form) => [...form.elements])
      .filter((field) => field.name && !UNKEPT.includes(field.type) && field.autocomplete !== "one-time-code");
  }
  const isChoice = (field) => ["checkbox", "radio"].includes(field.type);
  function isTyped(field) {
    if (document.querySelector("[data-error-summary]")) return true; // what came back was typed before
    return isChoice(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  }

  function keep(isAwaited) {
    const typed = fields().filter(isTyped).map(({ name, value, checked }) => ({ name, value, checked }));
    if (typed.length) write(here, { person: person(), isAwaited, typed });
  }
  function restore(typed) {
    for (const field of fields()) {
      const found = typed.find((each) => each.name === field.name && (!isChoice(field) || each.value === field.value));
      if (!found) continue;
      if (isChoice(field)) field.checked = found.checked;
      else field.value = found.value;
    }
  }

  function switchLanguage(form) {
    keep(true);
    form.elements.next.value += location.hash; // the server knows the page, the browser alone the place on it
  }
  function submit(event) {
    if (event.defaultPrevented) return;
    if ("signsOut" in event.target.dataset) drafts().forEach(forget);
    else if ("switchesLanguage" in event.target.dataset) switchLanguage(event.target);
    else if (person() && event.target.closest("main")) keep(false);
  }
  // Whoever goes back while something is still sent, with no page of ours between, never got an answer.
  const cameBack = () => performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  // A page for nobody in particular, such as the sign-in, says that what was sent did not arrive.
  function start() {
    for (const key of drafts()) {
      const draft = read(key);
      const isOurs = draft.person === person();
      const isAwaited = draft.isAwaited || cameBack() || !person();
      if (isOurs && isAwaited && key === here) restore(draft.typed);
      if (isAwaited && (isOurs ? key !== here : !person())) write(key, { ...draft, isAwaited });
      else forget(key);
    }
  }

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("submit", submit);
})();
