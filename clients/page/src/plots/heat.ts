import type { Box } from "./frame";

/** Draws densities on a grid of `size` x `size`, from the lower left, row by row. Colors go by the square root. */
export function drawHeat(
  context: CanvasRenderingContext2D,
  { left, top, width, height }: Box,
  densities: ArrayLike<number>,
  size: number,
  ramp: Uint8ClampedArray,
  smooth = true,
): void {
  const most = mostOf(densities) || 1;
  const image = new ImageData(size, size);
  for (let i = 0; i < size * size; i++) {
    const share = Math.sqrt(Math.min(1, Math.max(0, densities[i]! / most || 0)));
    const [from, to] = [4 * Math.round(255 * share), 4 * ((size - 1 - Math.floor(i / size)) * size + (i % size))];
    for (let part = 0; part < 4; part++) image.data[to + part] = ramp[from + part]!;
  }
  const canvas = new OffscreenCanvas(size, size);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas, left, top, width, height);
}

/** The largest of some densities that is a number. */
export function mostOf(densities: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < densities.length; i++) if (densities[i]! > most && densities[i]! < Infinity) most = densities[i]!;
  return most;
}
