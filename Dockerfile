# syntax=docker/dockerfile:1
# srviz as a container: docker build -t srviz . && docker run -p 8501:8501 --read-only --tmpfs /tmp srviz
ARG PYTHON=3.11

# The wheel, with the C engine compiled into it.
FROM python:${PYTHON}-slim-bookworm AS wheel
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE CITATION.cff CHANGELOG.md CONTRIBUTING.md app.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY docs docs
COPY pages pages
COPY srviz srviz
ENV SRVIZ_BUILD_NATIVE=1
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

# What it needs, pinned, with the build of torch that has no CUDA in it.
FROM python:${PYTHON}-slim-bookworm AS packages
COPY requirements.txt requirements-cloud.txt /
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir -r /requirements-cloud.txt -r /requirements.txt redis==8.1.0
COPY --from=wheel /wheels /wheels
RUN /venv/bin/python -m pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:${PYTHON}-slim-bookworm
# the dictionaries by which words of Thai, Khmer, Lao and Burmese are found
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libicu72 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin srviz
COPY --from=packages /venv /venv
# Nothing is written but what passes through /tmp, so that the root may be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_PORT=8501
USER 10001
WORKDIR /tmp
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=12s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:8501' + '/'.join(['', *filter(None, [os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/')]), '_stcore/health']), timeout=10)"]
STOPSIGNAL SIGTERM
CMD ["srviz"]
