"""The words of the field: one definition each, marked where a page first uses them."""

import re

import pytest
import streamlit as st

from srviz.ui.kit import glossary


@pytest.fixture(autouse=True)
def a_new_page(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})


def test_a_word_is_marked_where_it_is_used_first_and_not_again():
    assert glossary.mark("Each head has a slice.") == "Each [head](#term-head) has a [slice](#term-slice)."
    assert glossary.mark("Two heads, one slice, one hinge.") == "Two heads, one slice, one [hinge](#term-hinge)."


def test_the_longer_word_goes_before_the_one_within_it():
    marked = glossary.mark("Effective weights differ from weights.")
    assert marked == "[Effective weights](#term-effective-weight) differ from [weights](#term-weight)."


@pytest.mark.parametrize("text", ["[the key](#elsewhere)", "`key_mask`", ":material/key:", "a keyboard, headings"])
def test_links_code_icons_and_other_words_are_left_alone(text):
    assert glossary.mark(text) == text


def test_a_coloured_word_keeps_its_colour():
    assert glossary.mark("a :blue[**key**]") == "a :blue[**[key](#term-key)**]"


def test_meanings_are_whole_sentences_of_their_own():
    for name, term in glossary.TERMS.items():
        assert re.fullmatch(r"([A-Z]|relu).*\.", term.meaning), name
        assert glossary.FORMS[name].fullmatch(name), name
    assert len({term.meaning for term in glossary.TERMS.values()}) == len(glossary.TERMS)
