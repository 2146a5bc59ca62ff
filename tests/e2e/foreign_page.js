// What the page of somebody else does, in the browser of an operator.
"use strict";

const frame = attributes => {
  const made = Object.assign(document.createElement("iframe"), attributes);
  document.body.append(made);
  return made;
};

const form = (enctype, attributes) => ([, url, body]) => {
  const made = Object.assign(document.createElement("form"), { method: "POST", action: url, enctype, ...attributes });
  made.append(Object.assign(document.createElement("input"), { name: body }));
  document.body.append(made);
  made.submit();
};

const into = enctype => act => {
  const { name } = frame({ name: `frame${frames.length}` });
  form(enctype, { target: name })(act);
};

const sandboxed = ([, url, body]) => {
  const field = body.replaceAll('"', "&quot;");
  const script = "<script>document.forms[0].submit()<" + "/script>";
  frame({
    sandbox: "allow-scripts allow-forms",
    srcdoc: `<form method="POST" enctype="text/plain" action="${url}"><input name="${field}"></form>${script}`,
  });
};

const post = (url, options) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include", ...options });
const parts = body => Object.entries(JSON.parse(body));
const multipart = body => parts(body).reduce((data, [name, value]) => (data.append(name, value), data), new FormData());

// Each sends an act, [method, url, body], as a page can without anybody's consent.
const simple = {
  "fetch without a body": ([, url]) => post(url),
  "fetch of text": ([, url, body]) => post(url, { body }),
  "fetch without a referrer": ([, url, body]) => post(url, { body, referrerPolicy: "no-referrer" }),
  "fetch of a form": ([, url, body]) => post(url, { body: new URLSearchParams(parts(body)) }),
  "fetch of parts": ([, url, body]) => post(url, { body: multipart(body) }),
  "fetch of bytes": ([, url, body]) => post(url, { body: new Blob([body]) }),
  "fetch that outlives the page": ([, url, body]) => post(url, { body, keepalive: true }),
  "beacon": ([, url, body]) => navigator.sendBeacon(url, body),
  "form of text": into("text/plain"),
  "form": into("application/x-www-form-urlencoded"),
  "form of parts": into("multipart/form-data"),
  "form in a sandbox": sandboxed,
};

// Before these the browser asks the server.
const json = { "Content-Type": "application/json" };
const preflighted = {
  "fetch of JSON": ([method, url, body]) => fetch(url, { method, body, headers: json }),
  "fetch with a header": ([method, url, body]) => fetch(url, { method, body, headers: { "X-Anything": "1" } }),
  "beacon of JSON": ([, url, body]) => navigator.sendBeacon(url, new Blob([body], { type: "application/json" })),
};

// From a page whose own host leads to the API: status and text of the answer.
const sameOrigin = ([method, path, body]) =>
  fetch(path, { method, body, headers: json }).then(async answer => [answer.status, await answer.text()]);

const send = async (way, acts) => {
  const by = { ...simple, ...preflighted }[way];
  await Promise.allSettled(acts.map(act => by(act)));
};

const element = (name, attributes) => new Promise(resolve => {
  const made = document.createElement(name);
  made.onload = () => resolve("loaded");
  made.onerror = () => resolve("nothing");
  document.head.append(Object.assign(made, attributes));
});

const asked = promise => promise.then(answer => `${answer.type} answer`, () => "nothing");

// What each way of reading a url shows to the page.
const reading = {
  "fetch": url => asked(fetch(url)),
  "fetch with credentials": url => asked(fetch(url, { credentials: "include" })),
  "fetch without CORS": url => asked(fetch(url, { mode: "no-cors", credentials: "include" })),
  "script": url => element("script", { src: url }),
  "module": url => import(url).then(() => "loaded", () => "nothing"),
  "image": url => element("img", { src: url }),
  "style": url => element("link", { rel: "stylesheet", href: url }),
  "events": url => new Promise(resolve => {
    const source = new EventSource(url);
    source.onopen = () => resolve("open");
    source.onerror = () => (source.close(), resolve("nothing"));
  }),
};

const read = (way, urls) => Promise.all(urls.map(url => reading[way](url)));

const handshake = (url, subprotocols) => new Promise(resolve => {
  const socket = new WebSocket(url, subprotocols);
  socket.onopen = () => resolve("open");
  socket.onclose = closed => resolve(closed.code);
});
