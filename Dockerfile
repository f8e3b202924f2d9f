# The server's image. It is built from a tree without src/vault/client and src/vault/auditor, and without the libraries of
# a client: nothing in it can open a blob. .dockerignore keeps both folders out of the build already; the checks below fail
# the build if that should ever change. `docker build --tag coach-vault-server .` builds it; scripts/image-tree runs the same
# steps without an engine.
ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/coach-vault && python -m venv /opt/coach-vault-building
WORKDIR /tree
COPY requirements/server.txt requirements/build.txt requirements/
RUN /opt/coach-vault-building/bin/pip install --no-deps --require-hashes --requirement requirements/build.txt
RUN /opt/coach-vault/bin/pip install --no-deps --require-hashes --requirement requirements/server.txt
COPY . .
RUN test ! -e src/vault/client && test ! -e src/vault/auditor
RUN /opt/coach-vault-building/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .
RUN /opt/coach-vault/bin/pip install --no-deps --no-index /wheel/*.whl \
    && rm -f /opt/coach-vault/bin/coach-vault /opt/coach-vault/bin/coach-vault-audit \
    && /opt/coach-vault/bin/pip uninstall --yes pip
RUN cd / && for module in cryptography vault.client vault.auditor; do \
        if /opt/coach-vault/bin/python -c "import $module" 2>/dev/null; then echo "$module is in the image" >&2; exit 1; fi; \
    done

FROM python:${PYTHON}
RUN useradd --system --no-create-home --home-dir /data --uid 10001 vault \
    && install --directory --mode 700 --owner vault /data
COPY --from=build /opt/coach-vault /opt/coach-vault
ENV PATH=/opt/coach-vault/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Loopback of a container is reached by nobody. Without `behind_tls_proxy` the server refuses to listen here, and says so.
ENV COACH_VAULT_HOST=0.0.0.0 COACH_VAULT_PORT=8001
USER vault
WORKDIR /data
VOLUME /data
EXPOSE 8001
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "-c", \
    "import os, urllib.request as ask; ask.urlopen(f'http://127.0.0.1:{os.environ[\"COACH_VAULT_PORT\"]}/readyz', timeout=8)"]
ENTRYPOINT ["coach-vault-server"]
CMD ["serve"]
