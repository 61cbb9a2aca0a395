"""The front door: attention on a line."""

if __name__ == "__main__":  # Streamlit runs this file as the script of the home page,
    from srviz.ui.chapters import show

    show("line")
else:  # and imports it once, at the start, to see what its server is to serve besides.
    import os
    import sys

    from srviz import host

    if lacking := host.lacking_addresses():
        print(lacking, file=sys.stderr)
        os._exit(1)  # the import would be tried again, as a plain script

    import streamlit as st

    from srviz.ui.kit import serve

    app = st.App(__file__, routes=serve.ROUTES, middleware=serve.MIDDLEWARE, lifespan=serve.lifespan)
