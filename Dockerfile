# One image, every role: the command says which (`huiyin worker`, `publish`, `serve`, `topics create`).
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /opt/huiyin \
 && /opt/huiyin/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN /opt/huiyin/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home huiyin
COPY --from=build /opt/huiyin /opt/huiyin
ENV PATH=/opt/huiyin/bin:$PATH PYTHONUNBUFFERED=1 LANG=C.UTF-8
USER huiyin
WORKDIR /home/huiyin
EXPOSE 8080
CMD ["huiyin", "serve"]
