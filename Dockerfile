FROM python:3.11-slim AS browser-code
# The certificates that the image trusts, where a proxy between it and the packages has one of its own.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
WORKDIR /npm
COPY requirements-npm.txt services/console/package.json services/console/package-lock.json services/console/.npmrc ./
RUN pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
      --require-hashes --requirement requirements-npm.txt \
    && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CSMS_DATA_DIR=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
      --require-hashes --requirement requirements.txt \
    && useradd --system --uid 999 csms && install --directory --owner=csms --mode=700 /data /secrets \
      /keys/gateway /keys/transaction /keys/user /keys/console
COPY libs libs
COPY services services
COPY --from=browser-code /npm/node_modules services/console/node_modules
RUN python -m compileall -q libs services
# As a number, which an orchestrator can tell from root. It writes to /data, /secrets and temporary folders only.
USER 999
ENTRYPOINT ["python", "-m", "services.cli"]
