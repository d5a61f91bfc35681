// With the line down: pages of cases the person holds, as last seen and marked so; what is sent from them waits (queue.js, line.js).
"use strict";
importScripts("/static/queue.js", "/static/line.js");
const PAGES = "countermand-pages", FILES = "countermand-files", MOST = 20, FILES_MOST = 12, HOURS = 4;
const MAY = "countermand-keep", AT = "countermand-kept-at", OPENING = '<main id="content" tabindex="-1">';

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(FILES).then((files) => files.add("/static/queue.js")));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname, search } = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(visit(request, pathname, pathname + search));
  else if (origin === location.origin && pathname.startsWith("/static/")) event.respondWith(file(request, search));
});

async function visit(request, path, address) {
  const wipe = () => caches.delete(PAGES).catch(() => {});
  if (path === "/login" || path === "/logout") await wipe();
  const reads = request.method === "GET", copy = reads ? null : request.clone();
  let answer;
  try { answer = await fetch(request); } catch { return reads ? kept(address) : sent(path, copy); }
  if (answer.status === 401) await wipe();
  else if (reads && answer.type === "basic") await keep(address, answer.clone()).catch(() => {}); // what cannot be kept is shown all the same
  return answer;
}

// What pages are drawn with; a file named by its content never changes.
async function file(request, named) {
  const files = await caches.open(FILES).catch(() => null), one = await files?.match(request);
  if (one && named) return one;
  let answer;
  try { answer = await fetch(request); } catch (down) {
    if (one) return one;
    throw down;
  }
  if (answer.ok && files) await keepFile(files, request, answer.clone()).catch(() => {});
  return answer;
}

async function keepFile(files, request, answer) {
  await files.put(request, answer);
  for (const key of (await files.keys()).slice(0, -FILES_MOST)) await files.delete(key);
}

// The server says which page may be kept, and for whom; a page of anybody else wipes what is there.
async function keep(address, answer) {
  const person = answer.headers.get(MAY), now = Date.now();
  const pages = await caches.open(PAGES);
  for (const key of await pages.keys()) {
    const one = await pages.match(key);
    if (!one) continue; // another tab has let it go meanwhile
    const old = now - Number(one.headers.get(AT)) > HOURS * 3600e3;
    if (old || (person && one.headers.get(MAY) !== person)) await pages.delete(key);
  }
  await pages.delete(address);
  if (!person || answer.status !== 200) return;
  const headers = new Headers(answer.headers);
  headers.set(AT, String(now));
  await pages.put(address, new Response(await answer.text(), { headers }));
  for (const key of (await pages.keys()).slice(0, -MOST)) await pages.delete(key);
}

async function kept(address) {
  const pages = await caches.open(PAGES), one = await pages.match(address);
  const at = Number(one?.headers.get(AT));
  if (address === "/queued") return said(QUEUED, "<div data-queued></div>", 200);
  if (!one || Date.now() - at > HOURS * 3600e3) {
    await pages.delete(address);
    return said(DOWN, `<p>This page is not on this device. Open it when the line is back.</p>${back("/desk")}`);
  }
  const time = new Date(at).toISOString().slice(11, 16);
  const mark = `<div class="notice problem" role="alert"><p><strong>As of ${time} UTC: the line is down.</strong> The case may have changed since. Nothing can be recorded now; what you send from a case you hold waits on this device.</p></div>`;
  return new Response((await one.text()).replace(OPENING, OPENING + mark), { headers: one.headers });
}
