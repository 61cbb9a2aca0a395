"""The steps of a lecture on attention on a line: what a projector shows, and the sentence that goes with it."""

from srviz.ui.kit.present import Step

LINE, PROBLEM = ("scalar_line",), ("problem",)

STEPS = (
    Step(
        "Attention lets every token collect information from all the others. Softmax computes a weight for every pair: "
        "n² of them. A sort is done long before.",
        figure=PROBLEM,
    ),
    Step(
        "Each token has a query score, above the line, and a key score, below it. The key carries a value. A query "
        "attends to the keys on its left, and the farther away a key is, the more it counts.",
        figure=LINE,
    ),
    Step(
        "Further to the right, the query attends to more keys. All weights together never exceed 1.",
        {"held": "5"},
        LINE,
    ),
    Step(
        "Left of every key, the query gives weight to none. Its output is exactly 0.",
        {"queries": "-2.6_-0.9_0.12_0.83_1.7", "held": "1"},
        LINE,
    ),
    Step(
        "Before it is divided, the sum is made of straight lines that bend at the keys, and nowhere else. So a sort "
        "and one look-up are enough: a height and a slope.",
        {"queries": "-1.85_-0.9_0.12_0.6_1.7"},
        LINE,
    ),
    Step(
        "All values are the same, and nothing is left: the values are centred before they are summed.",
        {"values": "0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5_0.5"},
        LINE,
    ),
    Step(
        "With the bump, the query attends to the keys on both sides that are nearer than b. Now the nearest counts "
        "most.",
        {"kernel": "bump"},
        LINE,
    ),
    Step(
        "A small b makes the bump very local: here the query attends to a single key.",
        {"kernel": "bump", "b": "0.2"},
        LINE,
    ),
)
