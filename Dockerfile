FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CSMS_DATA_DIR=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --quiet --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
      --require-hashes --requirement requirements.txt \
    && useradd --system --uid 999 csms && install --directory --owner=csms --mode=700 /data /secrets \
      /keys/gateway /keys/transaction /keys/user
COPY libs libs
COPY services services
RUN python -m compileall -q libs services
# As a number, which an orchestrator can tell from root. It writes to /data, /secrets and temporary folders only.
USER 999
ENTRYPOINT ["python", "-m", "services.cli"]
