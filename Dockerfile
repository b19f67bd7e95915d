# Footnote alone: no compiler, no language model, nothing that needs root. compose.yaml builds it and starts what goes with it.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY requirements-runtime.lock ./
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-runtime.lock
COPY qa qa/
COPY ui ui/
COPY prompts prompts/
COPY seeds seeds/
# The embedder's files, checked by digest, under the names that FOOTNOTE_WEIGHTS expects; language models are Ollama's.
RUN FOOTNOTE_CACHE=/fetched /venv/bin/python -m qa fetch --model ollama:any \
    && mkdir /models \
    && for file in /fetched/models/*.onnx /fetched/models/*.json; do name="${file##*/}" && mv "$file" "/models/${name#*-}" || exit 1; done \
    && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash qa ui \
    && /venv/bin/python -m pip uninstall -q -y pip setuptools

FROM python:3.11.14-slim-bookworm
# libgomp1 is what the embedded llama.cpp leaves to the system; its version is left to Debian.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin footnote \
    && install -d -o footnote -g footnote -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /models /models
COPY --from=build /app /app
# An image cannot be written to, so neither is bytecode: what there is of it was compiled above.
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_WAIT_POLICY=passive \
    GRADIO_ANALYTICS_ENABLED=False \
    ORT_DISABLE_TELEMETRY=1 \
    FOOTNOTE_HOME=/data \
    FOOTNOTE_CACHE=/data/cache \
    FOOTNOTE_WEIGHTS=/models \
    FOOTNOTE_PORT=7860
WORKDIR /app
USER 10001:10001
VOLUME ["/data"]
EXPOSE 7860
HEALTHCHECK --interval=10s --timeout=6s --start-period=60m --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['FOOTNOTE_PORT']), timeout=5); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "qa"]
CMD ["serve"]
