// With the line down: pages of cases the person holds, as they were last seen and marked so. It sends nothing itself.
"use strict";
const PAGES = "countermand-pages", MOST = 20, HOURS = 4;
const MAY = "countermand-keep", AT = "countermand-kept-at", OPENING = '<main id="content" tabindex="-1">';

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(visit(event.request));
});

async function visit(request) {
  const { pathname, search } = new URL(request.url), address = pathname + search;
  if (pathname === "/login" || pathname === "/logout") await caches.delete(PAGES);
  let answer;
  try { answer = await fetch(request); } catch { return request.method === "GET" ? kept(address) : said(unsent(pathname), pathname); }
  if (answer.status === 401) await caches.delete(PAGES);
  else if (request.method === "GET" && answer.type === "basic") await keep(address, answer.clone());
  return answer;
}

// The server says which page may be kept, and for whom; a page of anybody else wipes what is there.
async function keep(address, answer) {
  const person = answer.headers.get(MAY), now = Date.now();
  const pages = await caches.open(PAGES);
  for (const key of await pages.keys()) {
    const one = await pages.match(key);
    const old = now - Number(one.headers.get(AT)) > HOURS * 3600e3;
    if (old || (person && one.headers.get(MAY) !== person)) await pages.delete(key);
  }
  await pages.delete(address);
  if (!person || answer.status !== 200) return;
  const headers = new Headers(answer.headers);
  headers.set(AT, String(now));
  await pages.put(address, new Response(await answer.text(), { headers }));
  const keys = await pages.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST))) await pages.delete(key);
}

async function kept(address) {
  const pages = await caches.open(PAGES), one = await pages.match(address);
  const at = Number(one?.headers.get(AT));
  if (!one || Date.now() - at > HOURS * 3600e3) {
    await pages.delete(address);
    return said("This page is not on this device. Open it when the line is back.", "/desk");
  }
  const time = new Date(at).toISOString().slice(11, 16);
  const mark = `<div class="notice problem" role="alert"><p><strong>As of ${time} UTC: the line is down.</strong> The case may have changed since. Nothing can be recorded. What you type into a form with “Keep for later” is kept on this device until the line is back.</p></div>`;
  return new Response((await one.text()).replace(OPENING, OPENING + mark), { headers: one.headers });
}

const FORMS = /^\/cases\/[^/]+\/(review|override|approval|withdrawal|information(-request)?|reopening|counter-offer|correction|letter)$/;
function unsent(path) {
  if (path === "/logout") return "The service has not heard that you log out. What this device had kept of cases is wiped.";
  const lost = "This may not have reached the service. Look when the line is back, and do it again if it is not recorded.";
  return FORMS.test(path) ? lost + " What you typed is kept." : lost + " What was typed into this form is not kept.";
}
function said(text, address) {
  const back = address.split("/").slice(0, 3).join("/");
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The line is down – Countermand</title><main><h1>The line is down</h1><p>${text}</p><p><a href="${encodeURI(back)}">${back === "/desk" ? "The desk" : "The case"}, as last seen</a></p></main></html>`;
  const headers = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'" };
  return new Response(html, { status: 503, headers });
}
