// What changes often in a live figure, in a message of its own: [trace, path, value] each, and its arithmetic.

export default function ({ data, parentElement }) {
  const paints = (window.srvizPaint ??= new Map()), root = parentElement.querySelector(".live");
  paints.set(data.painted, root.paint = data);
  document.dispatchEvent(new CustomEvent("srviz-paint", { detail: data.painted }));
  return () => { if (paints.get(data.painted) === root.paint) paints.delete(data.painted); }; // not that of one mounted since
}
