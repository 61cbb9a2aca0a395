"""The only rooms that know Streamlit: shell, state in the URL, caches and live components."""
