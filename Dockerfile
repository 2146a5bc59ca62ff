FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --quiet --no-cache-dir --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md ./
COPY libs libs
COPY services services
RUN /venv/bin/pip install --quiet --no-cache-dir --no-deps . && useradd --system csms
USER csms
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
ENTRYPOINT ["csms"]
