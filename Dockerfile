# Recado in an image that holds nothing but the program: no shell, no package manager, not root.
# docker build -t recado . && docker run -p 3333:3333 -v recado:/data --env-file recado.env recado
FROM node:20-bookworm-slim AS client
WORKDIR /src/js-client-demo
COPY js-client-demo/package.json js-client-demo/package-lock.json js-client-demo/.npmrc* ./
RUN npm ci
COPY js-client-demo ./
RUN npm run build

FROM rust:1.95-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=client /src/js-client-demo/dist js-client-demo/dist
RUN cargo build --release --workspace --locked
# What the program needs of a system: the loader, the C library, and whom to trust.
RUN docs/deploy/rootfs target/release/recado /rootfs && mkdir -m 700 /rootfs/data

FROM scratch
COPY --from=program --chown=65532:65532 /rootfs /
USER 65532:65532
WORKDIR /data
ENV DATABASE_URL=sqlite:/data/recado.db MEDIA_URL=file:/data/media RECADO_ENV=production
VOLUME /data
EXPOSE 3333
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s CMD ["/recado", "health"]
ENTRYPOINT ["/recado"]
