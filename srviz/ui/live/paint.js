// What changes often in a live figure, in a message of its own: [trace, path, value] each, and its arithmetic.

export default function ({ data }) {
  (window.srvizPaint ??= new Map()).set(data.painted, data);
  document.dispatchEvent(new CustomEvent("srviz-paint", { detail: data.painted }));
  return () => window.srvizPaint.delete(data.painted);
}
