// Colours of the page as SVG has them everywhere: six digits, and how much of them is seen.

const BYTE = 255;
const two = (x) => Math.round(Math.min(1, Math.max(0, x)) * BYTE).toString(16).padStart(2, "0");

/**
 * A colour that the browser has resolved: "#rrggbb", "rgb(…)", "rgba(…)" or "color(srgb …)".
 * @param {string} colour
 * @returns {[string, number]} "#rrggbb" and the part that is seen, 0 to 1
 */
export function hexOf(colour) {
  if (/^#[0-9a-f]{6}$/i.test(colour)) return [colour, 1];
  const numbers = (colour.replace(/^color\(srgb/, "(").match(/-?[\d.]+(?:e-?\d+)?%?/gi) ?? []).map((x) => (x.endsWith("%") ? parseFloat(x) / 100 : Number(x)));
  if (colour.startsWith("color(srgb")) return [`#${numbers.slice(0, 3).map(two).join("")}`, numbers[3] ?? 1];
  if (/^rgba?\(/.test(colour)) return [`#${numbers.slice(0, 3).map((x) => two(x / BYTE)).join("")}`, numbers[3] ?? 1];
  return colour === "transparent" ? ["#000000", 0] : [colour, 1];
}
