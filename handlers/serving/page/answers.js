// An answer as pictures where it holds some, else as tables.

const MOST_ROWS = 50, MOST_COLUMNS = 16, LARGEST = 10, MOST_CHARACTERS = 20000;

function shapeOfValue(value) {
  const shape = [];
  for (let at = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

// The media type of a file that is an image, by the base64 of its first bytes.
function mediaTypeOf(base64) {
  const known = { iVBORw0KGgo: "image/png", "/9j/": "image/jpeg", R0lGOD: "image/gif", UklGR: "image/webp" };
  return Object.entries(known).find(([start]) => base64.startsWith(start))?.[1];
}

// Pixels [height, width, channels] on a canvas. Their range is stretched to that of a screen.
function drawn(rows, name) {
  const height = rows.length, width = rows[0].length, channels = rows[0][0].length;
  const numbers = rows.flat(2).filter(Number.isFinite);
  const low = numbers.reduce((a, b) => Math.min(a, b), 0), high = numbers.reduce((a, b) => Math.max(a, b), low + 1e-9);
  const canvas = make("canvas", { width, height, role: "img", "aria-label": `${name}, ${width} by ${height} pixels` });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  rows.flat(1).forEach((pixel, index) => {
    const level = (at) => (255 * (pixel[at] - low)) / (high - low);
    image.data.set(channels === 1 ? [level(0), level(0), level(0), 255] : [level(0), level(1), level(2), channels === 4 ? level(3) : 255], index * 4);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function isPicture(shape) {
  const [height, width, channels] = shape.slice(-3);
  return [3, 4].includes(shape.length) && [1, 3, 4].includes(channels) && height >= 8 && width >= 8;
}

function cell(value, isMost) {
  if (typeof value === "number") return make("td", { className: isMost ? "number most" : "number" }, String(value));
  if (value?.b64 !== undefined) {
    const type = mediaTypeOf(value.b64);
    if (type) return make("td", {}, make("img", { alt: "The answer", src: `data:${type};base64,${value.b64}` }));
  }
  return make("td", {}, typeof value === "string" ? value : JSON.stringify(value));
}

function table(heads, rows) {
  const head = make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)));
  const body = rows.map((cells) => make("tr", {}, ...cells));
  const made = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { className: "wide", tabIndex: 0, role: "group", "aria-label": "Values" }, made);
}

// The largest value of a row, if a row is a choice among several.
function mostOf(row) {
  return row.length > 1 && row.every((value) => typeof value === "number") ? row.reduce((a, b) => Math.max(a, b)) : null;
}

function matrix(rows) {
  const width = rows[0].length;
  if (width <= MOST_COLUMNS) {
    return table(["Row", ...rows[0].map((_, index) => String(index))], rows.slice(0, MOST_ROWS).map((row, number) => {
      const most = mostOf(row);
      return [cell(number), ...row.map((value) => cell(value, value === most))];
    }));
  }
  const largest = (row) => row.map((value, index) => [index, value]).sort((a, b) => b[1] - a[1]).slice(0, LARGEST);
  return table(["Row", `Of ${width}, the ${LARGEST} largest`, "Value"], rows.slice(0, LARGEST).flatMap((row, number) =>
    largest(row).map(([index, value], rank) => [cell(number), cell(index, rank === 0), cell(value, rank === 0)])));
}

// What shows one output.
function output(name, value) {
  const shape = shapeOfValue(value);
  let shown;
  if (isPicture(shape)) shown = (shape.length === 4 ? value : [value]).slice(0, LARGEST).map((rows) => drawn(rows, name));
  else if (shape.length === 2 && shape[1] > 0) shown = [matrix(value)];
  else if (shape.length <= 1) {
    const rows = (shape.length ? value : [value]).slice(0, MOST_ROWS);
    shown = [table(["Row", name], rows.map((each, number) => [cell(number), cell(each)]))];
  } else shown = [make("pre", { tabIndex: 0, "aria-label": name }, JSON.stringify(value).slice(0, MOST_CHARACTERS))];
  return [make("h3", {}, `${name} `, make("small", { className: "note" }, shape.length ? `[${shape.join(", ")}]` : "scalar")), ...shown];
}

// `outputs` is one value where the signature has one output, and an object of them where it has several.
function answerParts(outputs, names) {
  return names.length === 1 ? output(names[0], outputs) : names.flatMap((name) => output(name, outputs[name]));
}
