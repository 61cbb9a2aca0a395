"""Pure functions from arrays to Plotly figures, in one theme. `mode` is "light" or "dark"."""
