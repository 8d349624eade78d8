"use strict";

// The API's root, where the page is; below a stage of a REST API, its address may end without a slash.
const ROOT = new URL(location.pathname.replace(/\/?$/, "/"), location.origin);

const byId = (id) => document.getElementById(id);

// An element with properties (`aria-…` and the like as attributes) and children, which are elements or texts.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Numbers that JSON.parse refuses, or rounds, are read as texts.
const UNREADABLE = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

function parse(text) {
  return JSON.parse(text.replace(UNREADABLE, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

function headersToSend() {
  const headers = {};
  for (const line of byId("headers").value.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return headers;
}

// What a path answers. Throws an Error with the server's message where it does not answer 200.
async function ask(path, body) {
  const headers = headersToSend();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = body === undefined ? { headers } : { method: "POST", headers, body };
  const response = await fetch(new URL(path, ROOT), options);
  const text = await response.text();
  let answer;
  try {
    answer = parse(text);
  } catch {
    answer = { error: text.slice(0, 500) };
  }
  if (!response.ok) throw new Error(`${response.status}: ${answer.error ?? answer.message ?? text}`);
  return answer;
}

// The examples of a model's predictions by signature, of the API's document. Where another function serves the model,
// the document refers to that function's own.
async function examplesOf(model) {
  const path = `/v1/models/${model}:predict`;
  let item = (await ask("openapi.json")).paths[path];
  if (item?.$ref) item = (await ask(item.$ref.split("#")[0])).paths[path];
  const examples = item?.post.requestBody.content["application/json"].examples ?? {};
  return Object.fromEntries(Object.entries(examples).map(([signature, { value }]) => [signature, value]));
}
