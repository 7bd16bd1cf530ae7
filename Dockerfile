# Two stages: the first installs, the second has nothing but Python and the result.
# tests/test_packaging.py runs these steps as they are written.

FROM python:3.13-slim AS build

WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt requirements/
# Wheels only, with the hashes that are pinned: no code of a package runs here.
RUN python -m venv --without-pip /opt/gateway \
    && pip --python /opt/gateway/bin/python install --no-cache-dir \
        --require-hashes --only-binary :all: -r requirements/runtime.txt
RUN python -m venv --without-pip /opt/build \
    && pip --python /opt/build/bin/python install --no-cache-dir \
        --require-hashes --only-binary :all: -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY config/ config/
COPY gateway/ gateway/
RUN pip --python /opt/build/bin/python wheel --no-index --no-deps --no-build-isolation \
        --wheel-dir /opt/wheels . \
    && pip --python /opt/gateway/bin/python install --no-index --no-deps \
        /opt/wheels/logto_gateway-*.whl


FROM python:3.13-slim

COPY --from=build /opt/gateway /opt/gateway
# mimalloc, which comes with this Python, gives memory back to the system.
ENV PATH="/opt/gateway/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONMALLOC=mimalloc \
    PYTHONUNBUFFERED=1

# Numeric, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
EXPOSE 8080

# The address of [admin] in gateway.toml, unless that is changed.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python", "-I", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 9901, timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# The list form makes the gateway itself process 1: it gets SIGTERM.
ENTRYPOINT ["gateway"]
CMD ["serve", "--config", "/etc/gateway/gateway.toml"]
