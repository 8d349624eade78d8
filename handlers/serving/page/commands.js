// The lines that send the same request from a shell and from Python.

const INLINE = 2000;

const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curlLines(url, headers, body) {
  const data = body.length > INLINE ? "@request.json" : shellQuoted(body);
  return [`curl -s ${shellQuoted(url)}`, ...headers.map((each) => `-H ${shellQuoted(each)}`), `-d ${data}`].join(" \\\n  ");
}

// A text of JSON is a text of Python, too.
function pythonLines(url, headers, body) {
  const data = body.length > INLINE ? 'open("request.json", "rb").read()' : `${JSON.stringify(body)}.encode()`;
  const sent = Object.fromEntries(headers.map((each) => each.split(": ")));
  return [
    "import json", "import urllib.request", "",
    `body = ${data}`,
    `request = urllib.request.Request(${JSON.stringify(url)}, body, ${JSON.stringify(sent)})`,
    "print(json.load(urllib.request.urlopen(request)))",
  ].join("\n");
}

// Values of headers that a person typed may be secrets: the lines have their names only.
function showCommands(path, body) {
  const url = new URL(path, ROOT).href;
  const headers = ["Content-Type: application/json", ...Object.keys(headersToSend()).map((name) => `${name}: …`)];
  byId("curl").textContent = curlLines(url, headers, body);
  byId("python").textContent = pythonLines(url, headers, body);
  const link = byId("request");
  if (link.href) URL.revokeObjectURL(link.href);
  link.hidden = body.length <= INLINE;
  if (!link.hidden) link.href = URL.createObjectURL(new Blob([body], { type: "application/json" }));
  byId("commands").hidden = false;
}
