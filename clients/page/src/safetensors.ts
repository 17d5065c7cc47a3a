/** The numbers of a safetensors file, by name; undefined for what it has not, or not as floats. */
export function safetensors(bytes: Uint8Array): (name: string) => number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const heads = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  return (name) => {
    const head = heads[name];
    if (head?.dtype !== "F64" && head?.dtype !== "F32") return undefined;
    const [from, to] = head.data_offsets as [number, number];
    const size = head.dtype === "F64" ? 8 : 4;
    return Array.from({ length: (to - from) / size }, (_, i) => {
      const place = start + from + i * size;
      return size === 8 ? view.getFloat64(place, true) : view.getFloat32(place, true);
    });
  };
}
