"""How much memory each method takes as n grows."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from srviz.figures.theme import PALETTES, Palette, bare

UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def memory(
    lines: Mapping[str, tuple[str, Sequence[int], Sequence[int]]], values: Mapping[int, int], *, mode: str
) -> go.Figure:
    """Peak bytes over n on log–log axes. lines: method → (label, n, bytes); values: n → bytes of the values alone."""
    colours = PALETTES[mode]
    figure = go.Figure()
    rule = {"color": colours.line, "width": 2, "dash": "dot"}
    figure.add_scatter(
        x=list(values), y=list(values.values()), mode="lines", line=rule, name="the values themselves", hoverinfo="skip"
    )
    for method, (label, n, held) in lines.items():
        colour, dash, symbol = _look(method, colours)
        figure.add_scatter(
            x=list(n),
            y=list(held),
            name=label,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "symbol": symbol, "size": 7},
            hovertemplate=f"{label}<br>n = %{{x:,}}: %{{customdata}}<extra></extra>",
            customdata=[_size(count) for count in held],
        )
    figure = bare(figure, mode, 330)
    figure.update_layout(font_family="'Source Sans', 'Source Sans Pro', sans-serif")
    look = {"visible": True, "type": "log", "gridcolor": colours.line, "zeroline": False}
    ticks = [1 << k for k in range(6, 21, 2)]
    figure.update_xaxes(
        **look,
        tickvals=ticks,
        ticktext=[f"{n:,}" for n in ticks],
        range=[1.75, 6.1],
        tickfont={"color": colours.quiet},
        title={"text": "tokens n", "font": {"color": colours.quiet, "size": 13}},
    )
    most = max((*values.values(), *(b for _, _, held in lines.values() for b in held), 1e9))
    steps = [10.0**k for k in range(4, 19) if 10.0**k <= most * 10]
    figure.update_yaxes(**look, tickvals=steps, ticktext=[_size(b) for b in steps], tickfont={"color": colours.quiet})
    return figure.update_layout(
        margin={"l": 62, "r": 14, "t": 34, "b": 48},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": colours.ink}},
    )


def _look(method: str, colours: Palette) -> tuple[str, str, str]:
    """Colour, dash and mark of a method: sliced in ink, softmax violet, the rest greys."""
    return {
        "softmax": (colours.softmax, "solid", "circle"),
        "written": (colours.softmax, "dash", "circle-open"),
        "relu": (colours.ink, "solid", "diamond"),
        "bump": (colours.ink, "dash", "diamond-open"),
        "linear": (colours.quiet, "solid", "square"),
        "dense": (colours.quiet, "dash", "square-open"),
    }.get(method, (colours.quiet, "dot", "square-open"))


def _size(count: float) -> str:
    for bytes_, unit in UNITS:
        if count >= bytes_:
            return f"{count / bytes_:.3g} {unit}"
    return f"{count:.3g} B"
