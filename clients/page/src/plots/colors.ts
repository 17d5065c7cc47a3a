/** The colors of the page, as the theme has them now. */
export interface Colors {
  readonly ink: string;
  readonly density: string;
  readonly points: string;
  readonly bars: string;
  /** Red, green, blue and opacity for 0 to 255: from nothing to the largest density. */
  readonly ramp: Uint8ClampedArray;
}

export function colors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"),
    density: of("--accent"),
    points: of("--points"),
    bars: of("--bars"),
    ramp: ramp([of("--surface"), of("--ramp-1"), of("--ramp-2"), of("--ramp-3")]),
  };
}

function ramp(stops: readonly string[]): Uint8ClampedArray {
  const canvas = new OffscreenCanvas(256, 1);
  const context = canvas.getContext("2d")!;
  const gradient = context.createLinearGradient(0, 0, 256, 0);
  stops.forEach((stop, i) => gradient.addColorStop(i / (stops.length - 1), stop));
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  return context.getImageData(0, 0, 256, 1).data;
}
