// What the service worker answers itself: a form that waits on this device, or a page that says what is the matter.
"use strict";
const DOWN = "The line is down", QUEUED = "Waiting on this device";

// A form that met a dead line: it waits where its person holds the case, as the kept page of the case shows.
async function sent(path, copy) {
  const pages = await caches.open(PAGES), one = await pages.match(path.split("/", 3).join("/"));
  try {
    const title = /<title>(.*?) – /.exec((await one?.text()) ?? "")?.[1];
    if (await waits(path, await copy.formData(), one?.headers.get(MAY), title)) return Response.redirect("/queued", 303);
  } catch { /* the device keeps nothing */ }
  return said(DOWN, `<p>${unsent(path)}</p>${back(path)}`);
}

const FORMS = /^\/cases\/[^/]+\/(review|override|approval|withdrawal|information(-request)?|reopening|counter-offer|correction|letter|appeal)$/;
function unsent(path) {
  if (path === "/logout") return "The service has not heard that you log out. What this device had kept of cases is wiped.";
  const lost = "This may not have reached the service. Look when the line is back, and do it again if it is not recorded.";
  return FORMS.test(path) ? lost + " What you typed is kept." : lost + " What was typed into this form is not kept.";
}
function back(path) {
  const page = path.split("/", 3).join("/");
  return `<p><a href="${encodeURI(page)}">${page.startsWith("/cases/") ? "The case" : "The desk"}, as last seen</a></p>`;
}

// In the frame of a page that is kept, where there is one.
async function said(title, html, status = 503) {
  const pages = await caches.open(PAGES), last = (await pages.keys()).at(-1);
  const main = `${OPENING}<h1>${title}</h1>${html}</main>`;
  const frame = last && await pages.match(last);
  const whole = frame
    ? (await frame.text()).replace(/<main[^]*<\/main>/, () => main).replace(/<title>.*?</, `<title>${title}<`)
    : `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${main}</html>`;
  const bare = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'" };
  return new Response(whole, { status, headers: frame?.headers ?? bare });
}
