// What is typed into a form is kept: on the server, and on this device only while the line is down.
"use strict";
(() => {
  const LEFT = "countermand-draft ";
  const one = (selector, from = document) => from.querySelector(selector);
  const local = (act) => { try { return act(localStorage); } catch { return null; } };
  const left = (place) => local((store) => store.getItem(LEFT + place));
  const forget = (place) => local((store) => store.removeItem(LEFT + place));
  const send = (body, signal) =>
    fetch("/drafts", { method: "POST", body, signal, redirect: "manual", keepalive: true });
  const lost = (answer) => answer.type === "opaqueredirect" || answer.status >= 500;

  function tell(form, said, safe) {
    one("[data-kept]", form).textContent = said;
    form.dispatchEvent(new CustomEvent("kept", { bubbles: true, detail: safe }));
  }
  const ends = new WeakMap(); // of each form what ends its keeping: that it was sent
  async function keep(form, place) {
    const { signal } = ends.get(form);
    if (signal.aborted) return;
    const typed = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    const body = new URLSearchParams([...typed, ["draft_of", place], ["quietly", "1"]]);
    try {
      const answer = await send(body, signal);
      if (lost(answer)) throw new Error("not kept");
      forget(place);
      tell(form, await answer.text(), answer.ok);
    } catch {
      if (signal.aborted) return;
      const here = local((store) => { store.setItem(LEFT + place, body.toString()); return true; });
      const said = "The line is down. " + (here ? "Kept on this device until it is back; nothing is recorded yet." : "Nothing could be kept.");
      tell(form, said, here === true);
    }
  }

  for (const button of document.querySelectorAll("[data-keep]")) {
    const form = button.form, place = button.value;
    let waiting = 0;
    const now = () => { clearTimeout(waiting); waiting = 0; keep(form, place); };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(now, 1500); });
    ends.set(form, new AbortController());
    form.addEventListener("submit", () => { clearTimeout(waiting); waiting = 0; ends.get(form).abort(); forget(place); });
    addEventListener("pageshow", () => ends.set(form, new AbortController()));
    document.addEventListener("visibilitychange", () => { if (document.hidden && waiting) now(); });
    addEventListener("online", () => { if (left(place)) now(); });

    // Left on this device by a tab that died: the server gets it first, then it is shown.
    const found = new URLSearchParams(left(place) ?? "");
    if (found.get("person") === one("[name=person]", form).value) {
      found.set("csrf", one("[name=csrf]", form).value);
      send(found).then((answer) => {
        if (lost(answer)) return;
        forget(place);
        if (answer.ok) location.reload();
      }).catch(() => {});
    }
  }

  one("form[action='/logout']")?.addEventListener("submit", () => local((store) => {
    for (const name of Object.keys(store)) if (name.startsWith(LEFT)) store.removeItem(name);
  }));
})();
