/** The element of an id. */
export const byId = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;

type Properties = Readonly<Record<string, string | number | boolean | undefined>>;

/** A new element, with attributes and what it holds. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Properties = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** A number with four digits, as people read it. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "no number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? String(Number(value.toPrecision(3)).toExponential()) : String(Number(value.toPrecision(4)));
  return text.replace(/-/g, "−");
}

/** A name that may be broken behind its underscores and brackets. */
export function breakable(name: string): (Node | string)[] {
  return name.split(/(?<=[_(])/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));
}

export const whole = (value: number): string => value.toLocaleString("en-US");
