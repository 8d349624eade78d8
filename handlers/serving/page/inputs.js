// A control for each input: its value as JSON and, where the signature takes one, a place for an image or a file.

const TYPES = {
  DT_FLOAT: "float32", DT_DOUBLE: "float64", DT_HALF: "float16", DT_STRING: "string", DT_BOOL: "bool",
};
const LONG = 4000;

const typeOf = (info) => TYPES[info.dtype] ?? info.dtype.slice(3).toLowerCase();
const shapeOf = (info) => (info.tensor_shape.unknown_rank ? null : info.tensor_shape.dim.map(({ size }) => Number(size)));

function describe(info) {
  const shape = shapeOf(info);
  return shape === null ? "any shape" : shape.length ? `[${shape.map((size) => (size < 0 ? "any" : size)).join(", ")}]` : "scalar";
}

// [height, width, channels, whether there is a dimension for the batch], if the input can be an image.
function imageShape(info) {
  const shape = shapeOf(info);
  if (shape === null || info.dtype === "DT_STRING" || info.dtype === "DT_BOOL") return null;
  if (![3, 4].includes(shape.length) || ![1, 3, 4].includes(shape.at(-1))) return null;
  const [height, width, channels] = shape.slice(-3);
  const isLarge = (size) => size < 0 || size >= 4;
  return isLarge(height) && isLarge(width) ? [height, width, channels, shape.length === 4] : null;
}

const isWhole = (info) => !["DT_FLOAT", "DT_DOUBLE", "DT_HALF", "DT_BFLOAT16"].includes(info.dtype);

// The range of pixels that the example suggests: a model does not say which it was trained on.
function suggestedRange(info, example) {
  const values = [example ?? []].flat(Infinity).filter((value) => typeof value === "number");
  const most = values.reduce((a, b) => Math.max(a, b), 0), least = values.reduce((a, b) => Math.min(a, b), 0);
  const high = most > 16 || (isWhole(info) && most === 0) ? 255 : most > 1 ? 16 : 1;
  return [least < 0 ? -high : 0, high];
}

// A value in the shape of an input that has no example: one row, one element where any number is allowed.
function blank(info) {
  const element = info.dtype === "DT_STRING" ? "" : info.dtype === "DT_BOOL" ? false : 0;
  const shape = (shapeOf(info) ?? [1]).map((size) => (size < 0 ? 1 : size));
  if (shape.reduce((a, b) => a * b, 1) > LONG) return undefined;
  return shape.reduceRight((value, size) => Array.from({ length: size }, () => structuredClone(value)), element);
}

async function base64Of(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(binary);
}

// The pixels of an image as nested lists, in the size of the input, with the canvas that they were read from.
async function pixelsOf(file, info, [low, high]) {
  const [height, width, channels, isBatch] = imageShape(info);
  const bitmap = await createImageBitmap(file);
  const canvas = make("canvas", {
    width: width < 0 ? bitmap.width : width, height: height < 0 ? bitmap.height : height,
    role: "img", "aria-label": `${file.name} as the model gets it`,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const scaled = (byte) => {
    const value = low + ((high - low) * byte) / 255;
    return isWhole(info) ? Math.round(value) : Number(value.toFixed(4));
  };
  const pixel = (at) =>
    channels === 1
      ? [scaled(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2])]
      : Array.from(data.subarray(at, at + channels), scaled);
  const rows = Array.from({ length: canvas.height }, (_, y) =>
    Array.from({ length: canvas.width }, (_, x) => pixel((y * canvas.width + x) * 4)));
  return { value: isBatch ? [rows] : rows, canvas };
}

// A place to drop a file onto, which is a button to choose one, too.
function dropZone(label, accept, take) {
  const chooser = make("input", { type: "file", accept });
  const zone = make("label", { className: "drop" }, `${label} `, chooser);
  chooser.addEventListener("change", () => chooser.files[0] && take(chooser.files[0]));
  for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", over);
    });
  }
  zone.addEventListener("drop", (event) => event.dataTransfer.files[0] && take(event.dataTransfer.files[0]));
  return zone;
}

function rangeFields(range, changed) {
  const field = (name, index) => {
    const input = make("input", { type: "number", step: "any", value: range[index] });
    input.addEventListener("change", () => {
      range[index] = Number(input.value);
      changed();
    });
    return make("label", {}, `${name} `, input);
  };
  return make("div", { className: "range" }, field("Black is", 0), field("White is", 1));
}

// The control of an input: its element, and `text`, which returns the value as JSON.
function inputControl(name, info, example) {
  const given = example === undefined ? blank(info) : example;
  const area = make("textarea", { spellcheck: false, rows: 3, value: given === undefined ? "" : JSON.stringify(given) });
  const note = make("p", { className: "note" }), shown = make("div");
  const element = make("fieldset", {},
    make("legend", {}, name, " ", make("small", {}, `${typeOf(info)} ${describe(info)}`)),
    make("label", {}, "Value as JSON", area));
  // A long value is kept apart from the field: a field with megabytes of text makes the page slow.
  let kept = null;
  const set = (value, said) => {
    const text = JSON.stringify(value);
    kept = text.length > LONG ? text : null;
    area.value = kept === null ? text : "";
    area.placeholder = kept === null ? "" : `${text.length} characters from the file; type here to replace them`;
    note.textContent = said;
  };
  area.addEventListener("input", () => {
    kept = null;
    note.textContent = "";
    shown.replaceChildren();
  });
  const taking = (take) => async (file) => {
    try {
      await take(file);
    } catch (error) {
      note.textContent = `${file.name} cannot be read: ${error.message}`;
    }
  };
  if (imageShape(info)) {
    const range = suggestedRange(info, example);
    let last = null;
    const take = taking(async (file) => {
      last = file;
      const { value, canvas } = await pixelsOf(file, info, range);
      set(value, `${file.name}, ${canvas.width} by ${canvas.height} pixels`);
      shown.replaceChildren(canvas);
    });
    element.append(dropZone("Drop an image here, or choose one", "image/*", take), rangeFields(range, () => last && take(last)));
  } else if (info.dtype === "DT_STRING") {
    const take = taking(async (file) => {
      const value = { b64: await base64Of(file) };
      set((shapeOf(info) ?? [1]).reduceRight((inner) => [inner], value), `${file.name}, ${file.size} bytes`);
      shown.replaceChildren();
      if (file.type.startsWith("image/")) shown.append(make("img", { alt: file.name, src: `data:${file.type};base64,${value.b64}` }));
    });
    element.append(dropZone("Drop a file here, or choose one", "", take));
  }
  element.append(note, shown);
  return { element, text: () => kept ?? area.value };
}
