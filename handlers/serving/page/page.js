// The page: `#model` in its address chooses a model; each choice asks the API for what it shows.

const chosen = { model: "", signatures: {}, examples: {}, controls: {} };

function complain(error) {
  byId("trouble").textContent = error === null ? "" : error.message;
}

const at = (version) => (version ? `/versions/${version}` : "");

async function listModels() {
  const { models } = await ask("v2/models");
  byId("models").replaceChildren(...models.map((name) => make("li", {}, make("a", { href: `#${name}` }, name))));
  if (!models.length) throw new Error("The API serves no model yet.");
  if (!models.includes(location.hash.slice(1))) history.replaceState(null, "", `#${models[0]}`);
}

async function chooseModel() {
  const model = location.hash.slice(1);
  complain(null);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const [status, examples] = await Promise.all([ask(`v1/models/${model}`), examplesOf(model)]);
  if (model !== location.hash.slice(1)) return; // another one was chosen meanwhile
  Object.assign(chosen, { model, examples });
  const versions = status.model_version_status.map(({ version, state }) =>
    make("option", { value: version }, `${version}${state === "AVAILABLE" ? "" : ` (${state.toLowerCase()})`}`));
  byId("version").replaceChildren(make("option", { value: "" }, "the current one"), ...versions);
  await chooseVersion();
}

async function chooseVersion() {
  const { model } = chosen, version = byId("version").value;
  const { metadata } = await ask(`v1/models/${model}${at(version)}/metadata`);
  if (model !== chosen.model || version !== byId("version").value) return;
  chosen.signatures = metadata.signature_def.signature_def;
  const names = Object.keys(chosen.signatures).sort((a, b) => (b === "serving_default") - (a === "serving_default"));
  byId("model-name").textContent = model;
  byId("signature").replaceChildren(...names.map((name) => make("option", { value: name }, name)));
  chooseSignature();
  byId("model").hidden = false;
}

function chooseSignature() {
  const name = byId("signature").value, { inputs, outputs } = chosen.signatures[name];
  const example = exampleInputs(chosen.examples[name], Object.keys(inputs));
  const rows = [["input", inputs], ["output", outputs]].flatMap(([direction, tensors]) =>
    Object.entries(tensors).map(([key, info]) => make("tr", {},
      ...[key, direction, typeOf(info), describe(info)].map((text) => make("td", {}, text)))));
  byId("tensors").replaceChildren(...rows);
  chosen.controls = Object.fromEntries(
    Object.entries(inputs).map(([key, info]) => [key, inputControl(key, info, example[key])]));
  byId("inputs").replaceChildren(...Object.values(chosen.controls).map(({ element }) => element));
  byId("answer").hidden = byId("commands").hidden = true;
  byId("outcome").textContent = "";
}

// An example's inputs by name. It has `inputs`, or `instances`: a value or an object for each row.
function exampleInputs(example, names) {
  if (example?.inputs) return example.inputs;
  const rows = example?.instances;
  if (!rows?.length) return {};
  return names.length === 1 ? { [names[0]]: rows } : Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]));
}

// The request's text. Values stay as they were typed: reading and writing them again could change a number.
function requestText() {
  const values = Object.entries(chosen.controls).map(([name, { text }]) => [name, text().trim()]);
  const given = values.filter(([, text]) => text !== "");
  for (const [name, text] of given) {
    try {
      parse(text);
    } catch (error) {
      throw new Error(`The value of ${name} is no JSON: ${error.message}`);
    }
  }
  const signature = byId("signature").value;
  const named = signature === "serving_default" ? "" : `"signature_name": ${JSON.stringify(signature)}, `;
  return `{${named}"inputs": {${given.map(([name, text]) => `${JSON.stringify(name)}: ${text}`).join(", ")}}}`;
}

async function predict() {
  const path = `v1/models/${chosen.model}${at(byId("version").value)}:predict`;
  const body = requestText(), outputs = Object.keys(chosen.signatures[byId("signature").value].outputs);
  byId("outcome").textContent = "Waiting for the answer…";
  const began = performance.now();
  showCommands(path, body);
  const answer = await ask(path, body);
  byId("outcome").textContent = `Answered in ${Math.round(performance.now() - began)} ms.`;
  byId("answer").replaceChildren(...answerParts(answer.outputs, outputs));
  byId("answer").hidden = false;
}

// Runs an action, and shows what went wrong.
const guarded = (action) => async (event) => {
  event?.preventDefault();
  byId("outcome").classList.remove("wrong");
  try {
    await action();
  } catch (error) {
    if (event?.type !== "submit") return complain(error);
    byId("answer").hidden = true;
    byId("outcome").classList.add("wrong");
    byId("outcome").textContent = error.message;
  }
};

byId("document").href = new URL("openapi.json", ROOT).href;
byId("form").addEventListener("submit", guarded(predict));
byId("version").addEventListener("change", guarded(chooseVersion));
byId("signature").addEventListener("change", guarded(chooseSignature));
addEventListener("hashchange", guarded(chooseModel));
guarded(async () => {
  await listModels();
  await chooseModel();
})();
