"""A class in a room: its panel above the page, for who leads and for who follows, and the way in."""

import string
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from srviz.rooms import Question, base, is_code
from srviz.ui.kit import WORDS, dialog, lesson, qr, report, seat, url
from srviz.ui.kit.component import component
from srviz.ui.kit.course import Course
from srviz.ui.kit.seat import PageQuestion, Seat, store, told, tried

LEAD_SECONDS, FOLLOW_SECONDS = 1.0, 4.0  # between two looks of who leads, and of who follows
HOST = "host"  # of a link: the secret of who opened the room, which the address bar does not keep
MOST_TYPED, MOST_SECRET = 2000, 64
LINK = "room link"  # the key of what opens its dialog
HOLD = "_hold"  # the component that keeps a lecturer's secret in their tab


def begin(name: str) -> str:
    """Take the place that a link asks for, before the page's body; a sentence where there is none."""
    st.session_state["_page"] = name
    asked = url.asked(url.ROOM) if url.ROOM.name in st.query_params else ""  # not of a page as it was left
    code, _, member = asked.partition(".")
    place, why = seat.current(), ""
    if code and (place is None or place.code != code):
        secret = str(st.query_params.get(HOST, ""))[:MOST_SECRET]
        leads = secret and told(lambda: store().holds(code, secret))[0]
        why = seat.sit(code, member, secret if leads else "")
        place = seat.current()
    if claim := _claim():
        st.session_state["_claimed"] = hash(claim)
        if seat.lead(*claim):
            place, why = seat.current(), ""
    if place is None:
        return why
    place.offers = []
    look, away = told(lambda: store().look(place.code))
    place.look = look
    if look is None and not away:
        st.session_state.pop(seat.SEAT)
        return base.GONE
    return why or away


def _claim() -> tuple[str, str] | None:
    """The room that this tab led, and the secret that it has kept of it."""
    found = report.last(HOLD, "held")
    return (str(found.get("code", "")), str(found.get("secret", ""))[:MOST_SECRET]) if found else None


def finish(panel: DeltaGenerator, why: str, course: Course) -> None:
    """Tell the room what was answered, show its panel, and put the place into the link; called after the body."""
    place, state = seat.current(), st.session_state.get("_state")
    if place and not place.secret:
        why = _send(place) or why
    elif place and place.look and place.look.page != seat.seat_page():
        tried(partial(store().at, place.code, place.secret, seat.seat_page()))
    with panel:
        if why:
            st.caption(why)
        if place and place.secret:
            _leading(place)
        elif place:
            _following(place, course)
        code = place.code if place else st.session_state.get(seat.REFUSED)
        if code:
            kept = {"code": code, "secret": place.secret if place else ""}
            component("hold")(key=HOLD, data=kept, on_held_change=lambda: None)
    if state is not None:
        state[url.ROOM.name] = place.text if place else ""


def _send(place: Seat) -> str:
    for offer in place.offers:
        if offer.given is not None and place.sent.get(offer.topic) != offer.given:
            if why := tried(partial(store().answer, place.code, place.member, offer.topic, offer.given)):
                return why
            place.sent[offer.topic] = offer.given
    return ""


# ---- the way in ------------------------------------------------------------------------------------------------------


def door() -> None:
    """In the sidebar: a code to type, or a room to open."""
    with st.expander(WORDS("class.title"), key="class", on_change="rerun") as cover:
        if not cover.open:
            return
        lesson.button()
        place = seat.current()
        if place:
            role = "leads" if place.secret else "follows"
            st.markdown(WORDS(f"class.says.{role}", code=place.code))
            st.button(WORDS(f"class.leave.{role}"), key="leave room", on_click=seat.rise)
            if place.secret:
                st.caption(WORDS("class.again"))
            return
        # above the field, which a browser builds last, and higher than what it shows until then
        st.button(WORDS("class.open"), key="open room", on_click=_open, help=WORDS("class.help"))
        label, typed = WORDS("class.code"), WORDS("class.characters", length=base.CODE_LENGTH)
        st.text_input(label, key="_code", max_chars=base.CODE_LENGTH + 3, placeholder=typed)
        st.button(WORDS("class.join"), key="join room", on_click=_join)
        st.caption(WORDS("class.nobody"))
        if why := st.session_state.pop("_why", ""):
            st.caption(why)


def _join() -> None:
    code = str(st.session_state.get("_code") or "").strip().upper()
    st.session_state["_why"] = seat.sit(code) if is_code(code) else base.GONE


def _open() -> None:
    found, why = told(lambda: store().open())
    st.session_state["_why"] = why
    if found:
        seat.sit(found[0], secret=found[1])


# ---- who leads -------------------------------------------------------------------------------------------------------


def _leading(place: Seat) -> None:
    with st.expander(WORDS("room.title", code=place.code), expanded=True, key=seat.PANEL, on_change="rerun") as cover:
        if not cover.open:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(WORDS("room.others", code=place.code))
            dialog.button(WORDS("room.link"), LINK, icon=":material/qr_code_2:")
            with st.popover(WORDS("room.ask")):
                _own_question(place)
            st.button(WORDS("room.close"), key="close room", on_click=_close, args=(place,))
        _lead(place)
    if dialog.is_open(LINK):
        dialog.show(WORDS("room.join"), lambda: _link(place))


def _link(place: Seat) -> None:
    with st.container(key="room_code"):
        st.markdown(place.code)
    qr.show(url.link({url.ROOM.name: place.code}))
    with st.expander(WORDS("room.own")):
        st.code(url.link({url.ROOM.name: place.code, HOST: place.secret}), language=None, wrap_lines=True)


def _own_question(place: Seat) -> None:
    with st.form("own question", border=False):
        text = st.text_input(WORDS("room.question"), max_chars=base.LONGEST_QUESTION)
        label = WORDS("room.choices", least=base.LEAST_CHOICES, most=base.MOST_OWN)
        choices = st.text_area(label, max_chars=MOST_TYPED, height=140)
        asked = st.form_submit_button(WORDS("room.askAll"))
    if asked:
        question = Question(text or "", tuple((choices or "").split("\n")))
        why = tried(lambda: store().ask(place.code, place.secret, question))
        st.caption(why or WORDS("room.asked"))


@st.fragment(run_every=LEAD_SECONDS)
def _lead(place: Seat) -> None:
    """How many there are, and what they answered."""
    look, why = told(lambda: store().look(place.code))
    if look is None:
        _gone(why)
        return
    if place.trouble:
        st.caption(place.trouble)
    place.look = look
    offers = _offers(place)
    number = "one" if look.members == 1 else "many"
    if not offers:
        st.markdown(WORDS(f"room.nothing.{number}", members=look.members))
        return
    names = {offer.topic: _name(offer.topic) for offer in offers}
    topic = offers[0].topic
    if len(offers) > 1:
        topic = st.segmented_control(
            WORDS("room.shown"), list(names), default=topic, format_func=names.__getitem__, key="_topic", required=True,
            label_visibility="collapsed",
        ) or topic  # fmt: skip
    offer = next((one for one in offers if one.topic == topic), offers[0])
    shown = offer.topic in look.revealed
    counted = st.container()
    answered = _picture(place, offer, shown)
    counted.markdown(WORDS(f"room.joined.{number}", members=look.members, answered=answered))
    with st.container(horizontal=True):
        st.button(
            WORDS("room.hide") if shown else WORDS("room.show"),
            key="reveal",
            on_click=_reveal,
            args=(place, offer.topic, not shown),
        )
        st.button(WORDS("room.forget"), key="clear", on_click=_clear, args=(place, offer.topic))


def _reveal(place: Seat, topic: str, on: bool) -> None:
    place.trouble = tried(lambda: store().reveal(place.code, place.secret, topic, on))


def _clear(place: Seat, topic: str) -> None:
    place.trouble = tried(lambda: store().clear(place.code, place.secret, topic))


def _close(place: Seat) -> None:
    place.trouble = tried(lambda: store().close(place.code, place.secret))
    if not place.trouble:
        seat.rise()


# ---- who follows -----------------------------------------------------------------------------------------------------


def _following(place: Seat, course: Course) -> None:
    with st.container(key="following", border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(WORDS("class.says.follows", code=place.code))
        st.button(WORDS("room.leave"), key="leave-the-room", on_click=seat.rise, help=WORDS("room.leaving"))
    _follow(place, course)


@st.fragment(run_every=FOLLOW_SECONDS)
def _follow(place: Seat, course: Course) -> None:
    """The way to the lecturer's page, their question, and what the class answered once that is shown."""
    if (claim := _claim()) and hash(claim) != st.session_state.get("_claimed"):
        st.rerun()  # the run that was to hear it was cut short by another
    before = place.look
    look, why = told(lambda: store().look(place.code))
    if look is None:
        _gone(why)
        return
    place.look = look
    if before and (before.revealed, before.rounds) != (look.revealed, look.rounds):
        st.rerun()  # the page's own question says what is right, or asks again
    there = next((chapter for chapter in course if chapter.name == look.page), None)
    if there and there.name != seat.seat_page():
        st.page_link(there.script, label=WORDS("room.lecturer", title=there.title))
    if look.question:
        _asked(place, look.question, look.rounds.get(base.OWN, 0))
    for offer in _offers(place):
        if offer.topic in look.revealed:
            st.markdown(WORDS("room.says"))
            _picture(place, offer, True)


def _asked(place: Seat, question: Question, number: int) -> None:
    letters = string.ascii_uppercase[: len(question.choices)]
    with st.container(key="asked", border=True):
        st.text(question.text)
        st.text("\n".join(f"{letter}  {choice}" for letter, choice in zip(letters, question.choices, strict=True)))
        key = f"_own {place.code} {number}"
        st.radio(
            WORDS("question.answer"), range(len(letters)), index=None, key=key, format_func=letters.__getitem__,
            horizontal=True, on_change=_answer, args=(place, key),
        )  # fmt: skip
        if why := st.session_state.pop("_why", ""):
            st.caption(why)


def _answer(place: Seat, key: str) -> None:
    given = st.session_state.get(key)
    if isinstance(given, int):
        st.session_state["_why"] = tried(lambda: store().answer(place.code, place.member, base.OWN, given))


def _gone(why: str) -> None:
    """Say that the rooms are away; where it is this room that is gone, the page says so."""
    if not why:
        st.session_state.pop(seat.SEAT, None)
        st.rerun()
    st.caption(why)


# ---- both ------------------------------------------------------------------------------------------------------------


def _offers(place: Seat) -> list[PageQuestion]:
    """What is asked: the lecturer's own question first, then what the page asks."""
    own = place.look.question if place.look else None
    letters, mine = string.ascii_uppercase, []
    if own:
        labels = tuple(f"{letters[k]}  {choice}" for k, choice in enumerate(own.choices))
        mine = [PageQuestion(base.OWN, own.text, labels, None)]
    return [*mine, *place.offers]


def _name(topic: str) -> str:
    kind = topic.split(".")[-2] if "." in topic else topic
    return WORDS(f"room.topics.{kind if kind in (base.OWN, 'answer', lesson.TOPIC) else 'bet'}")


def _picture(place: Seat, offer: PageQuestion, shown: bool) -> int:
    """What is asked, and a bar for each choice; how many answered."""
    found, _ = told(lambda: store().counts(place.code, offer.topic))
    counts = found or (0,) * base.MOST_CHOICES
    st.text(offer.title)
    labels, right = list(offer.labels), offer.right if shown else None
    data = {"labels": labels, "counts": list(counts[: len(labels)]), "right": right}
    component("tally")(key=f"_tally {offer.topic}", data=data)
    return sum(counts)
