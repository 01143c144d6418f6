# One image for every role; the command says which. Nothing is built or installed in what runs.

FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/ticketrelay
COPY requirements/runtime.lock requirements/
RUN /opt/ticketrelay/bin/pip install --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY tickets tickets
COPY worker worker
# The lock holds the build backend too; what only builds goes again, and what is left has to start.
RUN /opt/ticketrelay/bin/pip install --no-deps --no-build-isolation . \
    && /opt/ticketrelay/bin/pip uninstall --yes hatchling editables pathspec pluggy trove-classifiers \
    && /opt/ticketrelay/bin/pip check \
    && /opt/ticketrelay/bin/pip uninstall --yes pip \
    && /opt/ticketrelay/bin/ticketrelay worker --help > /dev/null

FROM python:3.12-slim-bookworm
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ticketrelay" \
      org.opencontainers.image.description="Turns alerts, mail and chat into tickets: each message exactly one effect." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && groupadd --gid 10001 ticketrelay \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ticketrelay \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/ticketrelay
COPY --from=build /opt/ticketrelay /opt/ticketrelay
ENV PATH=/opt/ticketrelay/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/ticketrelay
STOPSIGNAL SIGTERM
ENTRYPOINT ["ticketrelay"]
CMD ["--help"]
# Each role is asked at a port of its own: docker-compose.yml.
HEALTHCHECK NONE
