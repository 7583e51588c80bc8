import { encode } from "uqr";

// draw gives a QR code as the path of its dark squares, with the quiet zone that readers want around it.
export function draw(payload: string): { size: number; path: string } {
  const { data, size } = encode(payload, { ecc: "M", border: 4 });
  let path = "";
  data.forEach((row, y) => row.forEach((dark, x) => { if (dark) path += `M${x} ${y}h1v1h-1z`; }));
  return { size, path };
}
