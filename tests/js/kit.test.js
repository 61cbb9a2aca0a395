// What a text says of its values, what a copied link holds, whom Space belongs to on a projector, and what a tab keeps of a room.

import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {any} */
const page = globalThis;
const heard = new Map(), kept = new Map(), plays = { clicks: 0, disabled: false, getClientRects: () => [1], click() { plays.clicks += 1; } };

page.innerWidth = 1920;
page.window = { addEventListener: (name, act) => heard.set(name, act), removeEventListener() {}, dispatchEvent() {} };
page.ResizeObserver = class { observe() {} disconnect() {} };
page.document = {
  dispatchEvent() {},
  createElement: () => ({ append() {}, setAttribute() {}, style: {}, classList: { toggle() {} } }),
  documentElement: { style: { setProperty() {}, removeProperty() {} } },
  querySelector: () => null,
  querySelectorAll: () => [{ shadowRoot: { querySelectorAll: () => [plays] } }],
};
page.sessionStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) };

const { shared } = await import("../../srviz/ui/kit/js/link.js");
const { default: present } = await import("../../srviz/ui/kit/js/present.js");
const { default: hold } = await import("../../srviz/ui/kit/js/hold.js");
const { mounted } = await import("../../srviz/ui/kit/js/core.js");
const { Group } = await import("../../srviz/ui/kit/js/group.js");
const { default: heads } = await import("../../srviz/ui/kit/js/heads.js");
const { default: paint } = await import("../../srviz/ui/kit/js/paint.js");
const { Reports, paints, sharedHead } = await import("../../srviz/ui/kit/js/wire.js");
const { phrase, placed, say } = await import("../../srviz/ui/kit/js/text.js");

const parent = () => { const root = { replaceChildren() {} }; return { querySelector: () => root }; };

test("a number of a formula stands in brackets where its minus would stand behind a sign or before a power", () => {
  for (const before of ["exp(0.20 − ", "1.00 + ", "2.00 · ", "0.30 / "]) assert.equal(placed("−0.41", before, ")"), "(−0.41)");
  assert.equal(placed("−0.41", "", "²"), "(−0.41)");
  assert.equal(placed("−0.41", "exp(", ") − 1"), "−0.41");
  assert.equal(placed("0.41", "1.00 − ", "²"), "0.41");
});

test("a link that is given away has no place in a room and no screen of a projector", () => {
  const base = "https://a.example/srviz/Two_routes";
  const cases = {
    [`${base}?n=9&room=ACDEF.abcdefghijkl&present=3&at=-2_1%2B1`]: `${base}?n=9&at=-2_1%2B1`,
    [`${base}?room=ACDEF.abcdefghijkl`]: base,
    [`${base}?host=secret&room=ACDEF#part?room=1`]: `${base}#part?room=1`,
    [`${base}?rooms=2&ask=room%3DACDEF`]: `${base}?rooms=2&ask=room%3DACDEF`,
    [base]: base,
  };
  for (const [given, made] of Object.entries(cases)) assert.equal(shared(given), made);
});

test("Space plays, but not where it presses what has the focus", () => {
  present({ data: { screen: ["routes", 1] }, parentElement: parent(), setStateValue() {} });
  for (const [tag, clicks] of /** @type {[string, number][]} */ ([["BODY", 1], ["SUMMARY", 0], ["BUTTON", 0], ["A", 0]])) {
    let prevented = 0;
    plays.clicks = 0;
    const target = { tagName: tag, matches: () => false };
    heard.get("keydown")({ key: " ", composedPath: () => [target], preventDefault() { prevented += 1; }, stopImmediatePropagation() {} });
    assert.deepEqual([plays.clicks, prevented], [clicks, clicks], tag);
  }
});

test("a tab that led a room says so once it is only a member of it, and of no other", () => {
  const told = [], says = (_, value) => told.push(value);
  hold({ data: { code: "ACDEF", secret: "s3cret" }, parentElement: parent(), setStateValue: says });
  assert.deepEqual(told, []);
  hold({ data: { code: "ACDEG", secret: "" }, parentElement: parent(), setStateValue: says });
  assert.deepEqual(told, []);
  const reloaded = parent();
  for (let run = 0; run < 3; run += 1) hold({ data: { code: "ACDEF", secret: "" }, parentElement: reloaded, setStateValue: says });
  assert.deepEqual(told, [{ code: "ACDEF", secret: "s3cret" }]);
  page.sessionStorage = { getItem() { throw new Error("denied"); }, setItem() { throw new Error("denied"); } };
  hold({ data: { code: "ACDEF", secret: "x" }, parentElement: parent(), setStateValue: says });
  assert.equal(told.length, 1);
});

test("a component that Streamlit builds once more knows the answer, and no report has a number that was heard", () => {
  const told = [], built = [];
  class Figure {
    reports = new Reports();
    constructor() { built.push(this); }
    receive(data, send) {
      this.begun = this.reports.begins(data, send);
      this.known = this.reports.answered(data.answer);
    }
    close() { this.closed = true; }
  }
  const run = (place, epoch, id) => mounted(/** @type {any} */ (Figure), "x")({
    data: { epoch, answer: { id } }, setStateValue: (_, value) => told.push(value),
    parentElement: /** @type {any} */ ({ get isConnected() { return place.there; }, querySelector: () => place }),
  });
  const first = { there: true }, second = { there: true };
  const close = run(first, 5, 0);
  built[0].reports.tell({ b: 1 });
  built[0].reports.tell({ b: 2 });
  run(first, 5, told[0].id);
  assert.deepEqual([built[0].begun, built[0].known], [false, false]); // an answer to the report before
  run(first, 5, told[1].id);
  assert.equal(built[0].known, true);
  first.there = false;
  close();
  assert.equal(built[0].closed, true);
  run(second, 5, told[1].id);
  assert.deepEqual([built.length, built[1].begun, built[1].known], [2, true, true]);
  built[1].reports.tell({ b: 3 });
  run(second, 6, 0);
  assert.equal(built[1].known, true);
  built[1].reports.tell({ b: 4 });
  assert.deepEqual(told.map(({ b, epoch }) => [b, epoch]), [[1, 5], [2, 5], [3, 5], [4, 6]]);
  assert.equal(new Set(told.map(({ id }) => id)).size, 4);
});

test("a component stays whose element is still there when Streamlit asks to close it, and so does what it left in the page", () => {
  const live = [], place = { there: true };
  const parentElement = /** @type {any} */ ({ get isConnected() { return place.there; }, querySelector: () => place });
  class Figure {
    constructor() { live.push(this); }
    receive() {}
    close() { live.splice(live.indexOf(this), 1); }
  }
  const numbers = { setting: "x", q: "", k: "", s: "", t: "", look: {} };
  const closes = [
    mounted(/** @type {any} */ (Figure), "x")({ data: {}, setStateValue() {}, parentElement }),
    heads({ data: numbers, parentElement }), paint({ data: { painted: "p" }, parentElement }),
  ];
  const left = () => [live.length, Boolean(sharedHead()), paints().has("p")];
  for (const close of closes) close();
  assert.deepEqual(left(), [1, true, true]);
  place.there = false;
  for (const close of closes) close();
  assert.deepEqual(left(), [0, false, false]);
});

test("a text is filled in with values, or becomes parts with elements between them", () => {
  assert.equal(say("{n} of {all}: {{n}}, {n}", { n: 3, all: "9" }), "3 of 9: {n}, 3");
  assert.equal(say("no braces", {}), "no braces");
  assert.throws(() => say("{n} of {all}", { n: 3 }), /a value for all in "\{n\} of \{all\}"/);
  const element = /** @type {any} */ ({ tagName: "B" });
  assert.deepEqual(phrase("query {query} has {{no}} {n}", { query: element, n: 4 }), ["query ", element, " has ", "{", "no", "}", " ", "4"]);
  assert.deepEqual(phrase("{query}", { query: element }), [element]);
  assert.throws(() => phrase("{query}", {}), /a value for query/);
});

test("one figure of a group tells the page what is held, and a picture of colours never does", () => {
  const heard = [], nothing = { query: null, key: null };
  const member = (name, data) => ({ data: { held: nothing, ...data }, show() {}, send: (pair) => heard.push([name, pair]) });
  const colours = member("colours", {}), one = member("one", { queries: [0, 1] }), two = member("two", { points: "AAAA" });
  page.document.addEventListener = page.document.removeEventListener = () => {};
  const group = new Group(), pair = { query: 1, key: 0 };
  for (const figure of [colours, one, two]) group.join(/** @type {any} */ (figure));
  group.hold(pair, two);
  group.release();
  assert.deepEqual(heard, [["two", pair], ["two", nothing]]);
  group.hold(pair, one);
  assert.deepEqual(heard.at(-1), ["two", pair], "while the page answers two, one would be heard beside it");
  group.leave(/** @type {any} */ (two));
  group.release();
  assert.deepEqual(heard.at(-1), ["one", nothing]);
  const apart = [member("left", { held: null, queries: [0] }), member("right", { held: null, queries: [0] })], other = new Group();
  for (const figure of apart) other.join(/** @type {any} */ (figure));
  for (const figure of apart) other.hold(pair, figure);
  assert.deepEqual(heard.slice(-2).map(([name]) => name), ["left", "right"], "a page that keeps nothing hears who was clicked");
});
