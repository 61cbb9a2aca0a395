"""The only room that knows Streamlit: the kit, and the chapters made with it."""
