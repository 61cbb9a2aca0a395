// The numbers of one head and what its tokens look like, kept where the component of the page finds them: a click need
// not send them again.

export default function ({ data }) {
  if (window.srvizHead?.setting !== data.setting) {
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const numbers = Object.fromEntries(["q", "k", "s", "t"].map((name) => [name, new Float32Array(bytes(data[name]).buffer)]));
    const colours = data.look.colours && bytes(data.look.colours);
    window.srvizHead = { ...data, ...numbers, look: { ...data.look, colours } };
    window.dispatchEvent(new Event("srviz-head"));
  }
  return () => { if (window.srvizHead?.setting === data.setting) delete window.srvizHead; };
}
