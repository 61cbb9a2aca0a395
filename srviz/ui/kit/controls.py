"""The row of controls of a page with an input: which one, how many tokens, and behind More the seed and the head."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.figures.tokens import tokens as tokens_figure
from srviz.inputs import INPUTS, Input, Tokens, base, words
from srviz.numbers import LARGEST_SEED
from srviz.ui.kit import WORDS, compute, shell, url
from srviz.ui.kit.chart import chart, mode


def parameters(default: str, *, sizes: tuple[int, int, int], seed: int, head: int = 1) -> tuple[url.Parameter, ...]:
    """What the row holds. sizes: the least and most tokens on screen, and how many at first."""
    return (
        url.choice("input", tuple(INPUTS), default),
        url.whole("n", *sizes),
        url.whole("seed", 0, LARGEST_SEED, seed),
        url.whole("head", 1, compute.HEADS, head),
        url.text("text", LONGEST, words.DEFAULT),
    )


LONGEST = 1000  # characters of a sentence on these pages
Setting = tuple[str, int, int, int, str]


def chosen(values: dict[str, Any] | url.State) -> Input:
    """The input that a page's values name; a sentence too short to be one is the one we begin with."""
    name, text = values["input"], values["text"]
    own = name == "sentence" and text != words.DEFAULT and len(words.split(text)) >= base.LEAST
    return compute.find(f"{name}:{text}" if own else name)


def setting(state: dict[str, Any] | url.State) -> Setting:
    """All that determines a head on screen, and the key of its cache: input, tokens, seed, head from 0, device."""
    made = chosen(state)
    return made.name, made.nearest(state["n"]), state["seed"], state["head"] - 1, str(shell.device())


def shown(state: dict[str, Any] | url.State, **more: object) -> dict[str, object]:
    """What `srviz.lab.shown.head` is asked for in a program, to have the head that is on screen."""
    name, n, seed, number, _ = setting(state)
    kind, own, _ = name.partition(":")
    asked = {"name": kind, "n": n, "seed": seed, "number": number} | more
    return asked | {"text": state["text"]} if own else asked


def count(values: dict[str, Any] | url.State) -> int:
    """How many tokens are on screen: patches of a picture may be fewer than asked for."""
    made = chosen(values)
    return compute.tokens(made.name, made.nearest(values["n"]), values["seed"]).n


def row(
    state: url.State,
    least: int,
    most: int,
    extra: Callable[[DeltaGenerator], object] | None = None,
    changed: Callable[[], None] | None = None,
) -> tuple[Input, Tokens]:
    """Show the row; return the input chosen and its tokens on screen. extra: draws one more control, before More.
    changed: called when another input was chosen, before the page.
    """
    widths = [1.5, 1.6, 0.9] if extra is None else [1.2, 1.0, 2.1, 0.6]
    first, second, *third, last = st.columns(widths, gap="medium", vertical_alignment="bottom")
    key = url.key("input")
    first.selectbox(
        WORDS("controls.input"), list(INPUTS), key=key, format_func=lambda key: INPUTS[key].title,
        filter_mode=None, on_change=_changed, args=(key, changed),
    )  # fmt: skip
    made = chosen(state)
    there = count(state)
    which = "asked" if there == state["n"] else "all" if there == made.most else "some"
    label = WORDS(f"controls.tokens.{which}", n=there)
    sizes = [size for size in made.fixed or () if least <= size <= most]
    says = WORDS("controls.sizes", sizes=WORDS("controls.or").join(map(str, sizes))) if sizes else None
    second.slider(label, least, most, key=url.key("n"), disabled=len(sizes) == 1, help=says)
    if extra:
        extra(third[0])
    with last.popover(WORDS("controls.more"), width="stretch"):
        seed(WORDS("controls.drawn"))
        st.slider(WORDS("controls.head"), 1, compute.HEADS, key=url.key("head"))
    if state["input"] == "sentence":
        _sentence(state)
    return made, compute.tokens(*setting(state)[:3])


def seed(says: str) -> None:
    """The seed's own field, which takes any number and says so where it holds the nearest that is one."""
    key = url.key("seed")
    st.number_input(WORDS("controls.seed"), key=key, help=says, step=1, on_change=_nearest_seed, args=(key,))
    if st.session_state.get("_seed_given") is not None:
        given, held = st.session_state["_seed_given"]
        if held == st.session_state[key]:
            st.caption(WORDS("controls.nearest", most=LARGEST_SEED, given=given))


def _changed(key: str, changed: Callable[[], None] | None) -> None:
    """Call `changed` while the page of this control is there: who chooses an input and goes to another page at once
    has the choice told to the run of that page.
    """
    if changed and key == url.key("input") and key in st.session_state:
        changed()


def _nearest_seed(key: str) -> None:
    if key not in st.session_state:  # the page of this control has been left
        return
    given = st.session_state[key]
    held = st.session_state[key] = min(max(given or 0, 0), LARGEST_SEED)
    st.session_state["_seed_given"] = None if given is None or given == held else (given, held)


def _sentence(state: url.State) -> None:
    label = WORDS("controls.sentence")
    st.text_input(label, max_chars=LONGEST, key=url.key("text"), label_visibility="collapsed")
    if len(words.split(state["text"])) < base.LEAST:
        st.caption(WORDS("controls.few", few=words.FEW, shown=words.DEFAULT[:47]))


def row_with_picture(
    state: url.State, least: int, most: int, says: Callable[[Input, Tokens], str]
) -> tuple[Input, Tokens]:
    """The row with a small picture of the input beside it, and below it what it `says`."""
    picture, controls = st.columns([1, 5], gap="large", vertical_alignment="center")
    with controls:
        made, tokens = row(state, least, most)
        st.caption(says(made, tokens))
    figure = tokens_figure(tokens.place, tokens.colour, tokens.grid, mode=mode(), height=104)
    alt = WORDS("controls.picture", title=made.title, size=size(tokens))
    chart(figure, alt, "input", picture)
    return made, tokens


def size(tokens: Tokens) -> str:
    """How many there are, as rows × columns where they tile a picture."""
    if not tokens.grid:
        return WORDS("controls.size", n=tokens.n)
    return WORDS("controls.grid", rows=tokens.grid[0], columns=tokens.grid[1], n=tokens.n)
