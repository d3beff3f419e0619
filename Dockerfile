# warmupd in a container: the daemon and its command line, and nothing but the
# libraries they run with.
#
#   docker build -t warmupd .
#   docker run --detach --name warmupd --publish 127.0.0.1:9464:9464 \
#     --volume "$HOME/models:/models:ro" --volume warmupd:/var/lib/warmupd \
#     warmupd
#   docker exec warmupd warmupctl status
#
# Clients in other containers share the folder of the socket, /run/warmupd, and
# run as the same user (10001). tests/container/run proves every step of this
# file without a container engine.

FROM debian:bookworm-slim AS build
WORKDIR /src
# First what changes seldom, so that it is built seldom.
COPY scripts/setup scripts/cuda scripts/lib.sh scripts/
RUN scripts/setup --run
# Without it NVIDIA's GPUs are not seen; `warmupctl devices` says so.
RUN scripts/cuda || true
COPY . .
RUN cmake --preset release \
 && cmake --build --preset release --target warmupd warmupctl \
 && install -D --strip --target-directory=/out \
      build/release/server/warmupd build/release/clients/cli/warmupctl

FROM debian:bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="warmupd" \
      org.opencontainers.image.description="Knows which AI model will be needed next, and loads it before it is asked for" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      libcurl4 libgrpc++1.51 libprometheus-cpp-pull1.0 libspdlog1.10 \
      libsqlite3-0 libsystemd0 libyaml-cpp0.7 libzstd1 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --no-create-home \
      --home-dir /var/lib/warmupd --shell /usr/sbin/nologin warmupd \
 && install --directory --owner=warmupd --group=warmupd --mode=0700 \
      /var/lib/warmupd \
 && install --directory --owner=warmupd --group=warmupd /run/warmupd /models
COPY --from=build /out/warmupd /out/warmupctl /usr/bin/
COPY deploy/container/warmupd.yaml /etc/warmupd/warmupd.yaml
# The user warmupd by number: Kubernetes' runAsNonRoot looks for one.
USER 10001:10001
WORKDIR /var/lib/warmupd
ENV WARMUP_TARGET=unix:/run/warmupd/warmupd.sock
VOLUME ["/var/lib/warmupd"]
# Prometheus metrics. The API is on the socket in /run/warmupd.
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/bin/warmupctl", "health"]
ENTRYPOINT ["/usr/bin/warmupd", "--config", "/etc/warmupd/warmupd.yaml"]
