# The server alone, without a shell: docker build -t runnity . && docker run -p 8000:8000 -v runnity:/data runnity
# The embedded store is in /data; with `--redis URL` nothing is. See docker-compose.yml for more than one instance.

FROM rust:1.95.0-slim-trixie AS build
WORKDIR /build
# Backtraces keep their names; lines would make the binary four times as large.
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo

# The dependencies by themselves, behind a program that does nothing: they are built again only when they change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src web-demo \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs \
 && cargo build --locked --release --bin runnity

COPY src src
COPY web-demo web-demo
# Newer than what was built of the program that does nothing.
RUN touch src/main.rs src/lib.rs \
 && cargo build --locked --release --bin runnity \
 && mkdir data

# glibc, the certificates of the world, and a user who is nobody (65532).
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /build/target/release/runnity /runnity
COPY --from=build --chown=65532:65532 /build/data /data
ENV RUNNITY_LISTEN=0.0.0.0:8000 RUNNITY_DATA=/data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether the process answers: a store that is away is no reason to start it anew.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/runnity", "health", "--live"]
ENTRYPOINT ["/runnity"]
