// Shortcuts, reading time, and a warning before typed text is lost. What is typed is kept. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("script");
  const OFF = "countermand-shortcuts-off";
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const stored = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
  const store = (off) => { try { localStorage.setItem(OFF, off ? "1" : "0"); } catch { /* private window */ } };

  // How long the page was in view, sent along with a decision.
  let seen = 0, since = document.hidden ? null : performance.now();
  const pause = () => { if (since !== null) { seen += performance.now() - since; since = null; } };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) pause(); else since = performance.now();
  });

  // Typed text is not lost by accident, and a form is not sent twice.
  let dirty = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[method=post]") && event.target.matches("textarea, input[type=text]")) dirty = true;
    if (event.target.matches("[data-least]")) count(event.target);
  });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  document.addEventListener("kept", (event) => { dirty = !event.detail; });
  document.addEventListener("submit", (event) => {
    const form = event.target, field = one("[data-dwell]", form);
    if (form.dataset.sent === "1") { event.preventDefault(); return; }
    if (form.method === "post") {
      dirty = false;
      form.dataset.sent = "1";
      form.setAttribute("aria-busy", "true");
    }
    if (field) { pause(); field.value = String(Number(field.dataset.dwell) + Math.round(seen)); since = performance.now(); }
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }));

  // How much of a note is still wanted.
  function count(field) {
    const out = document.getElementById(`${field.id}-count`);
    if (!out) return;
    const chosen = one("input[name=code]:checked");
    const least = Number(chosen?.dataset.noteMin ?? field.dataset.least);
    const length = field.value.trim().length;
    out.textContent = length < least ? `${least - length} more characters wanted` : `${length} characters`;
  }
  all("[data-least]").forEach(count);
  document.addEventListener("change", (event) => {
    if (event.target.name !== "code") return;
    all("[data-least]").forEach(count);
    const usual = event.target.dataset.kinds.split(" ");
    all("select[name=evidence_type]").forEach((select) => sort(select, usual));
  });

  // The kinds of evidence that are usual for a code come first.
  function sort(select, usual) {
    const first = one("[data-usual]", select), others = one("[data-others]", select);
    const kinds = all("[data-at]", select).sort((a, b) => a.dataset.at - b.dataset.at);
    kinds.forEach((kind) => (usual.includes(kind.value) ? first : others).append(kind));
    first.hidden = !first.children.length;
    others.label = first.hidden ? "Kinds" : "Other kinds";
  }

  // Rows of a list, one of them current.
  const rows = () => all("[data-row]");
  function move(step) {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.classList.contains("here"));
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    list.forEach((row) => row.classList.toggle("here", row === next));
    one("a", next)?.focus();
  }
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) rows().forEach((other) => other.classList.toggle("here", other === row));
  });

  // Two keys choose a code: the first opens its group, the second is its own.
  function pick(number) {
    const group = document.activeElement.closest("details.group[open] > summary")?.parentElement;
    const choice = group && one(`input[name=code][data-key="${number}"]`, group);
    if (choice) {
      choice.focus();
      choice.click();
      return true;
    }
    const next = one(`details.group[data-key="${number}"]`);
    if (!next) return false;
    next.open = true;
    return reach(one("summary", next));
  }
  const press = (element) => { element?.click(); return Boolean(element); };
  const reach = (element) => {
    element?.focus();
    element?.scrollIntoView({ block: "nearest" });
    return Boolean(element);
  };
  const keys = {
    j: () => (move(1), true),
    k: () => (move(-1), true),
    c: () => press(one(".here [data-claim]") ?? one(".decide [data-claim]")),
    a: () => reach(one("[data-agree]")),
    n: () => press(one("[data-next]")),
    v: () => press(one("[data-override]")),
    p: () => press(one("[data-pass]")),
    e: () => reach(one("#evidence_type")),
    "/": () => reach(one("#q") ?? one("#find")),
    "?": () => (location.assign("/help"), true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || stored()) return;
    const typing = event.target.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const done = /^[1-9]$/.test(event.key) ? pick(event.key) : keys[event.key]?.();
    if (done) event.preventDefault();
  });

  // The switch on the help page.
  const toggle = one("[data-shortcuts]");
  const say = () => {
    toggle.setAttribute("aria-pressed", String(!stored()));
    toggle.textContent = stored() ? "Shortcuts are off" : "Shortcuts are on";
  };
  if (toggle) {
    say();
    toggle.addEventListener("click", () => { store(!stored()); say(); });
  }
})();

// What is typed into a form is kept: on the server, and on this device only while the line is down.
(() => {
  const LEFT = "countermand-draft ";
  const one = (selector, from = document) => from.querySelector(selector);
  const local = (act) => { try { return act(localStorage); } catch { return null; } };
  const left = (place) => local((store) => store.getItem(LEFT + place));
  const forget = (place) => local((store) => store.removeItem(LEFT + place));
  const send = (body) => fetch("/drafts", { method: "POST", body, redirect: "manual", keepalive: true });
  const lost = (answer) => answer.type === "opaqueredirect" || answer.status >= 500;

  function tell(form, said, safe) {
    one("[data-kept]", form).textContent = said;
    form.dispatchEvent(new CustomEvent("kept", { bubbles: true, detail: safe }));
  }
  function packed(form, place) {
    const typed = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    return new URLSearchParams([...typed, ["draft_of", place], ["quietly", "1"]]);
  }
  async function keep(form, place) {
    const body = packed(form, place);
    try {
      const answer = await send(body);
      if (lost(answer)) throw new Error("not kept");
      forget(place);
      tell(form, await answer.text(), answer.status === 200);
    } catch {
      const here = local((store) => { store.setItem(LEFT + place, body.toString()); return true; });
      const said = "The line is down. " + (here ? "Kept on this device until it is back; nothing is recorded yet." : "Nothing could be kept.");
      tell(form, said, here === true);
    }
  }

  for (const button of document.querySelectorAll("[data-keep]")) {
    const form = button.form, place = button.value;
    let waiting = 0, typed = false;
    const now = () => { clearTimeout(waiting); waiting = 0; keep(form, place); };
    form.addEventListener("input", () => { typed = true; clearTimeout(waiting); waiting = setTimeout(now, 1500); });
    // What is sent stays here until the server has it, or says that it acted on it.
    form.addEventListener("submit", () => {
      clearTimeout(waiting);
      waiting = 0;
      local((store) => store.setItem(LEFT + place, packed(form, place).toString()));
    });
    document.addEventListener("visibilitychange", () => { if (document.hidden && waiting) now(); });
    addEventListener("online", () => { if (left(place)) typed ? now() : location.reload(); });
  }

  // Left here: the server gets it first, then it is shown. What was recorded it does not keep (202).
  const who = one("form[action='/logout']");
  for (const name of local(Object.keys) ?? []) {
    const place = name.startsWith(LEFT) && name.slice(LEFT.length);
    const found = new URLSearchParams(place ? left(place) : "");
    if (!who || found.get("person") !== one("[name=person]", who).value) continue;
    found.set("csrf", one("[name=csrf]", who).value);
    const shown = [...document.querySelectorAll("[data-keep]")].some((button) => button.value === place);
    send(found).then((answer) => {
      if (lost(answer)) return;
      forget(place);
      if (answer.status === 200 && shown && !document.getElementById("fault")) location.reload();
    }).catch(() => {});
  }
  navigator.serviceWorker?.register("/sw.js").catch(() => {});
  indexedDB.databases?.().then((kept) => kept.some(({ name }) => name === "countermand-queue") && import("/static/queue.js")).catch(() => {});

  who?.addEventListener("submit", () => local((store) => {
    for (const name of Object.keys(store)) if (name.startsWith(LEFT)) store.removeItem(name);
  }));
})();
