// A text as a QR code (ISO/IEC 18004): its dark squares as the path of a drawing.

import { encode } from "uqr";

/** Light squares around the code, as many as the standard asks for. */
const QUIET = 4;

export interface Squares {
  /** Squares to a side, with the quiet ones around. */
  readonly size: number;
  /** The dark ones, as an SVG path. */
  readonly path: string;
}

export function squaresOf(text: string): Squares {
  // Medium correction: a screen is clean, and fewer squares are larger ones.
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const rows = data.map((row, y) => {
    let runs = "";
    for (let x = 0; x < size; x++) {
      const from = x;
      while (row[x]) x++;
      if (x > from) runs += `M${from} ${y}h${x - from}v1h${from - x}z`;
    }
    return runs;
  });
  return { size, path: rows.join("") };
}
