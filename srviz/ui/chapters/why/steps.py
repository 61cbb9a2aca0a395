"""The steps of a lecture on the reasons for the formula: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

STEPS = (
    Step(
        "Why relu(r), and not the distance |r|? With |r| what i gives to j, j gives to i. With relu only the token "
        "with the higher score attends to the other one.",
        {},
        ("reason pair",),
    ),
    Step("Now j has the higher score, and the arrow turns around.", {"pair": "-1.5_0.9"}, ("reason pair",)),
    Step(
        "Why divide by Σ|s − t|, and not by the row's own sum? Just above the lowest key the row holds one tiny "
        "number. Divided by its own sum, it would count in full.",
        {"query": "-2.05"},
        ("reason divisor",),
    ),
    Step(
        "Shift all scores, and multiply them all by a positive factor: no weight changes.",
        {},
        ("reason alike",),
    ),
    Step(
        "What is standardizing for? For the computer: numbers in half precision end at 65,504.",
        {},
        ("reason scales",),
    ),
    Step(
        "Why add up gaps, and not s·Σv − Σt·v? On paper they are the same. Far from zero, the second one loses its "
        "digits.",
        {},
        ("reason shifts",),
    ),
    Step(
        "Why are values centred? Add the same number to all of them: a low query receives almost none of it, and a "
        "high one almost all. That says nothing of the values.",
        {},
        ("reason centred",),
    ),
)
