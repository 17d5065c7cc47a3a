import type { About, Numbers } from "flowspec";

/** The samples as a table, with their log-densities, as `flowspec sample --log-prob` writes it. */
export function csv({ columns, flow }: About, x: Numbers, logProb: Numbers): string {
  const wide = columns.length;
  const down = columns.map((name) => flow.train?.dequantize?.includes(name) ?? false);
  const density = columns.includes("log_prob") ? "log_prob_2" : "log_prob";
  const lines = Array.from(logProb, (value, row) => {
    const cells = Array.from(x.subarray(row * wide, (row + 1) * wide), (cell, i) => (down[i] ? Math.floor(cell) : cell));
    return [...cells, value].map((cell) => text(cell, x)).join(",");
  });
  return [[...columns, density].map(quoted).join(","), ...lines, ""].join("\n");
}

const quoted = (name: string): string => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** A number with the digits that its float type holds. */
function text(value: number, kind: Numbers): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  return kind instanceof Float64Array ? String(value) : String(Number(value.toPrecision(9)));
}

/** Hands a text to the browser as a file. */
export function download(name: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
