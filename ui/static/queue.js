// Acts sent with the line down wait on this device and leave by themselves only while nothing changed; see decision 66.
// The service worker puts them here; a page loads this file where some are kept.
"use strict";
const KEPT_AS = "countermand-queue", ALONE_MINUTES = 30, KEPT_HOURS = 12;
const QUEUED_ACTS = /^\/cases\/([^/]+)\/(review|override|withdrawal|information-request|counter-offer|correction)$/;

const acts = {
  async ask(mode, todo) {
    const base = await new Promise((done, failed) => {
      const asked = indexedDB.open(KEPT_AS, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("acts", { keyPath: "key" });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
    try {
      return await new Promise((done, failed) => {
        const whole = base.transaction("acts", mode), asked = todo(whole.objectStore("acts"));
        whole.oncomplete = () => done(asked.result);
        whole.onabort = () => failed(whole.error);
      });
    } finally { base.close(); }
  },
  put: (act) => acts.ask("readwrite", (store) => store.put(act)),
  drop: (key) => acts.ask("readwrite", (store) => store.delete(key)),
  // In the order in which they were made. What is old goes, whoever made it; an empty store leaves the device.
  async all() {
    const found = await acts.ask("readonly", (store) => store.getAll()), since = Date.now() - KEPT_HOURS * 3600e3;
    for (const act of found) if (act.at < since) await acts.drop(act.key);
    const left = found.filter((act) => act.at >= since);
    if (!left.length) indexedDB.deleteDatabase(KEPT_AS);
    return left.sort((one, other) => one.at - other.at);
  },
};

// Whether a form that met a dead line waits: its person holds the case, as the page kept of it says.
async function waits(place, typed, holder, title) {
  const fields = [...typed].filter(([, value]) => typeof value === "string"), key = typed.get("idempotency_key");
  if (!QUEUED_ACTS.test(place) || !key || !holder || typed.get("person") !== holder) return false;
  if (["change", "more", "preview"].includes(typed.get("step")) || typed.has("draft_of")) return false;
  await acts.put({ key, place, person: holder, title, fields, at: Date.now(), state: "waits", said: "" });
  return true;
}

if (self.document) {
  const one = (selector, from = document) => from.querySelector(selector);
  const out = one("form[action='/logout']"), me = out?.person.value;
  const changed = new BroadcastChannel(KEPT_AS);
  const locked = (work) => navigator.locks.request(KEPT_AS, work);
  const mine = async () => (await acts.all()).filter((act) => act.person === me);
  const field = (act, name) => act.fields.find(([known]) => known === name)?.[1] ?? "";
  const set = (act, given) => act.fields.map(([name, value]) => [name, given[name] ?? value]);
  const caseOf = (act) => act.place.split("/", 3).join("/");
  const pageOf = (act) => (act.place.endsWith("/review") ? caseOf(act) : act.place);
  const clock = (at) => `${new Date(at).toISOString().slice(11, 16)} UTC`;
  const tight = (node) => node?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const words = (node) => [...(node?.querySelectorAll("h2, p, dt, dd") ?? [])].map(tight).join("; ") || tight(node);
  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
  const make = (tag, given, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside.filter(Boolean));
    return made;
  };

  const marked = (...given) => {
    const mark = make(...given);
    mark.dataset.unsent = "";
    return mark;
  };

  // Why an act does not leave by itself; "" where it does.
  function held(act) {
    if (act.state === "asks") return act.said;
    if (!field(act, "seen_version")) return "This form does not say which state of the case it rests on.";
    if (!["", "record"].includes(field(act, "step"))) return "What it would do was not shown to you yet.";
    if (field(act, "csrf") !== out.csrf.value) return "You have logged in again since you made it.";
    if (Date.now() - act.at > ALONE_MINUTES * 60e3) return `You made it more than ${ALONE_MINUTES} minutes ago.`;
    return "";
  }

  const next = (act) => (held(act) ? `It waits for you: ${held(act)}` : "It leaves by itself when the line is back.");

  // What became of an act that was sent; null where nobody knows, and the same key is safe to send again.
  async function post(act, fields) {
    try {
      const answer = await fetch(act.place, { method: "POST", body: new URLSearchParams(fields), signal: AbortSignal.timeout(30e3) });
      const page = await read(answer), done = one(".notice.done", page);
      if (answer.status >= 500 || answer.status === 429 || (answer.ok && !done)) return null;
      if (answer.redirected && done) return { state: "done", said: words(one("p", done)), recorded: Date.now() };
      const why = one("#fault", page) ?? one("main h1 + p", page);
      return { state: "asks", said: answer.status === 401 ? "Your log-in has run out." : words(why) || "It was refused." };
    } catch { return null; }
  }

  async function leave() {
    await locked(async () => {
      const stuck = new Set();
      for (const act of (await mine()).filter(({ state }) => state !== "done")) {
        const behind = stuck.has(caseOf(act)) ? "An act before it on this case is not recorded." : "";
        const why = held(act) || behind;
        const came = why ? { state: "asks", said: why } : await post(act, act.fields);
        if (!came) return;
        if (came.state === "asks") stuck.add(caseOf(act));
        if (came.state !== act.state) await acts.put({ ...act, ...came });
        if (came.state === "done") tell(`Recorded at ${clock(came.recorded)}: ${came.said} The minute in which it can be undone began then.`, act);
      }
    });
    changed.postMessage("");
    await paint();
  }

  function tell(said, act) {
    const link = make("a", { href: caseOf(act) }, act.title || "The case");
    one("main").prepend(make("div", { className: "notice done", role: "status" }, make("p", {}, said, " ", link)));
  }

  // Out of the queue, unless it has left: what was typed is then a draft like any other, or gone.
  async function take(act, keep) {
    const there = await locked(async () => {
      const now = (await mine()).find(({ key, state }) => key === act.key && state !== "done");
      if (now && keep) localStorage.setItem(`countermand-draft ${act.place}`, new URLSearchParams([...act.fields.filter(([name]) => name !== "step"), ["draft_of", act.place], ["quietly", "1"]]));
      if (now) await acts.drop(act.key);
      return now;
    });
    changed.postMessage("");
    if (there && keep) location.assign(pageOf(act)); else await paint();
  }

  // On the case as it stands: the same key while its state is the same, else a new act.
  async function again(act, form) {
    const { csrf, idempotency_key, seen_version } = form;
    const fresh = { csrf: csrf.value };
    if (seen_version.value !== field(act, "seen_version")) Object.assign(fresh, { idempotency_key: idempotency_key.value, seen_version: seen_version.value });
    const came = await locked(() => post(act, set(act, fresh)));
    if (came) await acts.put({ ...act, ...came });
    if (came?.state === "done") tell(`Recorded at ${clock(came.recorded)}: ${came.said}`, act);
    else tell(came ? `Not recorded. ${came.said}` : "The line is down. Nothing was recorded.", act);
    changed.postMessage("");
    await paint();
  }

  const KINDS = { review: "Your decision", override: "Override", withdrawal: "Withdrawal", "information-request": "Question to the applicant", "counter-offer": "Other terms", correction: "Correction" };
  const NAMES = { decision: "Decision", code: "Reason code", note: "Note", concepts: "Reasons to tell", evidence_type: "Evidence", evidence_reference: "Filed at" };
  const UNSAID = ["person", "csrf", "idempotency_key", "seen_version", "dwell_ms", "step", "hints"];
  const button = (text, work, kind = "") => make("button", { type: "button", className: kind, onclick: work }, text);
  function wrote(act) {
    const typed = act.fields.filter(([name, value]) => value && !UNSAID.includes(name));
    return make("dl", { className: "pairs" }, ...typed.map(([name, value]) => make("div", {}, make("dt", {}, NAMES[name] ?? name.replace(/[_-]/g, " ")), make("dd", { className: "as-typed" }, value))));
  }
  const kind = (act) => KINDS[act.place.split("/")[3]];
  const keeping = (act, text) => button(text, () => take(act, true));
  const drop = (act) => button("Throw it away", () => confirm("It is thrown away with what you wrote. This cannot be undone.") && take(act, false), "quiet");

  // Beside what was written, the case as the service shows it now.
  async function beside(act, box, buttons) {
    try {
      const answer = await fetch(caseOf(act)), page = await read(answer);
      const lines = answer.ok ? ["h1", ".decide > p:not(.aside)", ".decide .holder", ".timeline li"].flatMap((part) => [...page.querySelectorAll(part)].slice(0, 3)) : [one("main", page)];
      box.replaceChildren(make("h3", {}, "What the case says now"), make("ul", { className: "plain" }, ...lines.map((line) => make("li", {}, words(line)))));
      if (!answer.ok || field(act, "step")) return;
      const shown = act.place.endsWith("/review") ? page : await read(await fetch(pageOf(act)));
      const form = one(`form[action="${act.place}"]:has([name=seen_version])`, shown);
      if (form) buttons.prepend(button("Send again on the case as it stands", () => again(act, form.elements), "primary"));
    } catch { box.replaceChildren(make("p", {}, "The line is down. The case is shown when it is back.")); }
  }

  function card(act) {
    const head = make("h2", {}, `${act.title || "A case"}: ${kind(act)}`), why = held(act);
    if (act.state === "done") return make("section", { className: "card" }, head, make("p", {}, `Recorded at ${clock(act.recorded)}. ${act.said} `, make("a", { href: caseOf(act) }, "The case")));
    const box = make("div", {}), left = make("div", {}, make("h3", {}, "What you wrote"), wrote(act));
    const buttons = make("div", { className: "buttons" }, keeping(act, why ? "Open the form with what you wrote" : "Take it back"), drop(act));
    if (why) beside(act, box, buttons);
    return make("section", { className: "card" }, head, make("p", {}, make("strong", {}, "Not yet recorded. "), `Made at ${clock(act.at)} by this device's clock. ${next(act)}`), make("div", { className: "two" }, left, box), buttons);
  }

  let unsent = 0;
  async function paint() {
    const found = await mine(), open = found.filter(({ state }) => state !== "done"), list = one("[data-queued]");
    unsent = open.length;
    document.querySelectorAll("[data-unsent]").forEach((mark) => mark.remove());
    const count = open.length ? `${open.length} not yet recorded` : found.length ? "Sent when the line was back" : "";
    if (count) out.before(marked("a", { href: "/queued" }, count));
    for (const act of open) {
      localStorage.removeItem(`countermand-draft ${act.place}`);
      for (const link of document.querySelectorAll(`[data-row] a[href="${caseOf(act)}"]`)) link.after(marked("span", { className: "tag tag-late" }, "Not yet recorded"));
      if (list || !`${location.pathname}/`.startsWith(`${caseOf(act)}/`)) continue;
      const said = make("p", {}, make("strong", {}, "Not yet recorded: "), `${kind(act)}, made at ${clock(act.at)}. ${next(act)} `, make("a", { href: "/queued" }, "See what waits"));
      one("main").prepend(marked("div", { className: "notice problem", role: "status" }, said, make("div", { className: "buttons" }, keeping(act, "Take it back"))));
    }
    list?.replaceChildren(...(found.length ? found.map(card) : [make("p", {}, "Nothing waits on this device.")]));
  }

  if (out) {
    document.addEventListener("submit", async (event) => {
      if (event.target !== out || out.dataset.sure) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (unsent && !confirm(`${unsent} not yet recorded. Logging out throws them away. Log out?`)) return;
      for (const act of await mine()) await acts.drop(act.key);
      out.dataset.sure = "1";
      out.requestSubmit();
    }, true);
    changed.onmessage = paint;
    addEventListener("online", leave);
    setInterval(() => unsent && leave(), 15e3);
    paint().then(leave);
  }
}
