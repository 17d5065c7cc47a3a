// The sliders and the drawing of explorer.py.
const BINS = 60;
const INK = "#c0643c";

function slider(model, index, { label, value, low, high }) {
  const row = document.createElement("label");
  const name = document.createElement("span");
  const input = document.createElement("input");
  const number = document.createElement("output");
  name.textContent = label;
  Object.assign(input, { type: "range", min: low, max: high, step: (high - low) / 200, value });
  const tell = () => (number.textContent = Number(input.value).toPrecision(3));
  input.addEventListener("input", () => {
    const chosen = [...model.get("chosen")];
    chosen[index] = Number(input.value);
    model.set("chosen", chosen);
    model.save_changes();
    tell();
  });
  tell();
  row.append(name, input, number);
  return row;
}

/** The range of the middle 99 of 100 numbers, and a little more. */
function range(values) {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const margin = (at(0.995) - at(0.005)) * 0.05 || 1;
  return [at(0.005) - margin, at(0.995) + margin];
}

function histogram(context, values, [low, high], width, height) {
  const counts = new Array(BINS).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * BINS);
    if (bin >= 0 && bin < BINS) counts[bin]++;
  }
  const most = Math.max(...counts, 1);
  counts.forEach((count, bin) => {
    const tall = (count / most) * height * 0.95;
    context.fillRect((bin * width) / BINS, height - tall, width / BINS - 1, tall);
  });
}

function draw(canvas, model) {
  const data = model.get("samples");
  const all = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const columns = model.get("columns");
  const count = all.length / columns.length;
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const x = all.subarray(0, count);
  const [left, right] = range(x);
  context.clearRect(0, 0, width, height);
  context.fillStyle = INK;
  let across = `${columns[0]}: ${left.toPrecision(3)} to ${right.toPrecision(3)}`;
  if (columns.length === 1) {
    histogram(context, x, [left, right], width, height);
  } else {
    const y = all.subarray(count);
    const [low, high] = range(y);
    context.globalAlpha = 0.4;
    for (let i = 0; i < count; i++)
      context.fillRect(((x[i] - left) / (right - left)) * width, height - ((y[i] - low) / (high - low)) * height, 2, 2);
    context.globalAlpha = 1;
    across += `, ${columns[1]}: ${low.toPrecision(3)} to ${high.toPrecision(3)}`;
  }
  canvas.setAttribute("aria-label", `samples, ${across}`);
  return across;
}

function render({ model, el }) {
  const rows = document.createElement("div");
  const message = document.createElement("div");
  const canvas = document.createElement("canvas");
  const caption = document.createElement("figcaption");
  const figure = document.createElement("figure");
  el.classList.add("flowspec-explorer");
  message.className = "message";
  message.setAttribute("role", "status");
  canvas.setAttribute("role", "img");
  Object.assign(canvas, { width: 640, height: 480 });
  figure.append(canvas, caption);
  rows.append(...model.get("sliders").map((each, index) => slider(model, index, each)), message);
  el.append(rows, figure);
  const update = () => (caption.textContent = draw(canvas, model));
  model.on("change:samples", update);
  model.on("change:message", () => (message.textContent = model.get("message")));
  update();
}

export default { render };
