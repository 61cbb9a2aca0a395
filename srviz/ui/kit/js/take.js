// The menu that stands at every figure: what one can take away of it. Pictures are made here; numbers and programs are
// asked for, and made by the server, when they are chosen.

import { button, make, put, standing } from "./core.js";
import { shared } from "./link.js";
import { pictureOf, pixels, written } from "./take/picture.js";
import { say } from "./text.js";
import words from "./words.json" with { type: "json" };

/**
 * What Python sends.
 * @typedef {object} Message
 * @property {string[]} figures the keys of the elements that are the figure
 * @property {string} name of the files, without an ending
 * @property {string} what the figure is called in a sentence
 * @property {string} caption
 * @property {Kind[]} kinds what the server makes
 * @property {File | null} file what was asked for last
 */
/** @typedef {{kind: string, label: string, group: string}} Kind */
/** @typedef {{id: string, name: string, type: string, text: string, base64: boolean, trouble: string}} File */

const SAID_MILLISECONDS = 4000, WAIT_MILLISECONDS = 1500;

/** Hand a file to the visitor. */
function download(name, blob) {
  const address = URL.createObjectURL(blob), link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

class Take {
  constructor(root) {
    /** @type {Message} */
    this.data = null;
    this.send = (value) => {};
    this.asked = "";
    this.taken = "";
    this.timer = null;
    this.copy = button(words.take.copy, () => this.link());
    this.opener = button(words.take.away, () => this.toggle(), { "aria-expanded": "false" });
    this.menu = make("div", { class: "menu", role: "group", hidden: true });
    this.news = make("span", { class: "said", role: "status" });
    this.said = make("p", { class: "said", role: "status" });
    this.cover = make("div", { class: "cover" }, [this.opener, this.menu]);
    root.replaceChildren(make("div", { class: "take" }, [this.news, this.copy, this.cover]));
    this.root = root;
    this.elsewhere = (event) => { if (!event.composedPath().includes(this.cover)) this.toggle(false); };
    this.cover.onkeydown = (event) => {
      if (event.key !== "Escape" || this.menu.hidden) return;
      event.stopPropagation();
      this.toggle(false);
      this.opener.focus();
    };
  }

  close() {
    clearTimeout(this.timer);
    document.removeEventListener("pointerdown", this.elsewhere);
  }

  receive(data, send) {
    this.send = send;
    if (JSON.stringify(data.kinds) !== JSON.stringify(this.data?.kinds)) this.fill(data.kinds);
    this.data = data;
    const { file, what } = data;
    put(this.opener, { "aria-label": say(words.take.awayOf, { what }) });
    put(this.copy, { "aria-label": say(words.take.copyOf, { what }) });
    put(this.menu, { "aria-label": say(words.take.menuOf, { what }) });
    if (!file || file.id !== this.asked || file.id === this.taken) return;
    this.taken = file.id;
    if (file.trouble) { this.say(file.trouble); return; }
    const bytes = file.base64 ? Uint8Array.from(atob(file.text), (c) => c.charCodeAt(0)) : file.text;
    download(file.name, new Blob([bytes], { type: file.type }));
    this.say(say(words.take.saved, { name: file.name }));
  }

  fill(kinds) {
    const own = ["PNG", "SVG"].map((label) => ({ label, group: words.take.picture, act: () => this.picture(label.toLowerCase()) }));
    const all = [...own, ...kinds.map(({ kind, label, group }) => ({ label, group, act: () => this.ask(kind) }))];
    const groups = [...new Set(all.map(({ group }) => group))];
    this.menu.replaceChildren(...groups.flatMap((group) => [
      make("div", { class: "name" }, group),
      make("div", { class: "row" }, all.filter((one) => one.group === group).map(({ label, act }) => button(label, act, { "aria-label": `${group}: ${label}` }))),
    ]), this.said);
  }

  toggle(open = this.menu.hidden) {
    if (open === !this.menu.hidden) return;
    put(this.menu, { hidden: !open });
    put(this.opener, { "aria-expanded": String(open) });
    this.say("");
    if (!open) { document.removeEventListener("pointerdown", this.elsewhere); return; }
    document.addEventListener("pointerdown", this.elsewhere);
    this.place();
    this.menu.querySelector("button").focus({ preventScroll: true });
  }

  /** Above the button where there is room, else below it. */
  place() {
    const { top } = this.opener.getBoundingClientRect(), tall = this.menu.offsetHeight;
    const above = top - tall > 70;
    this.menu.style.bottom = above ? "" : "auto";
    this.menu.style.top = above ? "" : "calc(100% + 4px)";
  }

  say(text) {
    clearTimeout(this.timer);
    this.said.textContent = text;
    if (text) this.timer = setTimeout(() => { this.said.textContent = ""; }, SAID_MILLISECONDS);
  }

  async link() {
    const link = shared(location.href);
    let copied = true;
    try { await navigator.clipboard.writeText(link); } catch { copied = this.copyByHand(link); }
    this.news.textContent = copied ? words.take.copied : say(words.take.link, { link });
    setTimeout(() => { this.news.textContent = ""; }, SAID_MILLISECONDS);
  }

  /** Where a page that is not served over https may not use the clipboard. */
  copyByHand(link) {
    const field = make("textarea", { style: "position: fixed; opacity: 0" });
    document.body.append(field);
    field.value = link;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    this.copy.focus();
    return done;
  }

  ask(kind) {
    this.asked = `${kind} ${Date.now().toString(36)}`;
    this.send({ kind, id: this.asked, link: shared(location.href) });
    this.timer = setTimeout(() => { if (this.taken !== this.asked) this.said.textContent = words.take.made; }, WAIT_MILLISECONDS);
  }

  async picture(format) {
    const { figures, name, caption } = this.data, title = document.title, link = shared(location.href);
    const roots = figures.map((key) => document.querySelector(`.st-key-${key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`)).filter(Boolean);
    this.said.textContent = words.take.drawn;
    try {
      const drawn = await pictureOf(roots, { caption, source: `${title} — ${link}`, link });
      download(`${name}.${format}`, format === "svg" ? new Blob([written(drawn)], { type: "image/svg+xml" }) : await pixels(drawn));
      this.say(say(words.take.saved, { name: `${name}.${format}` }));
    } catch (error) {
      console.error(error);
      this.say(words.take.failed);
    }
  }
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const [take, close] = standing(Take, parentElement);
  take.receive(data, (value) => setTriggerValue("wanted", value));
  return close;
}
