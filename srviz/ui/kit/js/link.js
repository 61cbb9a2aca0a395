// The address of what is on screen, as one gives it to somebody else.

const OWN = ["room", "present", "host"]; // a place in a class's room, and what a projector shows

/** An address without what is a visitor's own: whoever opens it is nobody's double in a room. */
export function shared(address) {
  const [page, hash = ""] = address.split(/(?=#)/), [path, query = ""] = page.split("?");
  const kept = query.split("&").filter((pair) => pair && !OWN.includes(pair.split("=")[0]));
  return path + (kept.length ? `?${kept.join("&")}` : "") + hash;
}
