// Places that were moved by hand, as a link and the name of a task hold them: four letters each.

/** @typedef {{letters: string, unit: number, middle: number}} Hand */

/** @param {string} text @param {Hand} hand @returns {Record<string, number[]>} which one → its place */
export function unpacked(text, { letters, unit, middle }) {
  const found = {};
  for (let k = 0; k + 4 <= text.length; k += 4) {
    const held = [...text.slice(k, k + 4)].reduce((sum, letter) => sum * 64 + letters.indexOf(letter), 0);
    found[Math.floor(held / 2 ** 18)] = [(Math.floor(held / 512) % 512 - middle) * unit, ((held % 512) - middle) * unit];
  }
  return found;
}

/** @param {Record<string, number[]>} places @param {Hand} hand @returns {string[]} four letters for each */
export function packed(places, { letters, unit, middle }) {
  return Object.entries(places).sort(([a], [b]) => Number(a) - Number(b)).map(([k, place]) => {
    const [x, y] = place.map((c) => Math.min(Math.max(Math.round(c / unit) + middle, 0), 2 * middle - 1));
    const held = Number(k) * 2 ** 18 + x * 512 + y;
    return [18, 12, 6, 0].map((shift) => letters[Math.floor(held / 2 ** shift) % 64]).join("");
  });
}
