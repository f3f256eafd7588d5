# Images that answer: query, verify, index, embed; and, as the target `serve`, the page and the API.
# They hold no TensorFlow and train nothing.
#
#     docker build -t siam .
#     docker run --rm -v "$PWD/runs:/runs" -v "$PWD:/data" siam query /data/picture.jpg
#
#     docker build -t siam-serve --target serve .
#     docker run --rm -v "$PWD/runs:/runs" -p 127.0.0.1:8000:8000 -e SIAM_SERVE_TOKEN siam-serve
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/siam && /opt/siam/bin/pip install --no-cache-dir .

FROM build AS build-serve
RUN /opt/siam/bin/pip install --no-cache-dir '.[web]'

FROM python:3.12-slim AS runtime
ENV PATH=/opt/siam/bin:$PATH SIAM_RUNS=/runs
# By its number, so that an orchestrator sees that it is not root.
RUN useradd --create-home --uid 1000 siam && install --directory --owner=siam /runs /data
USER 1000
WORKDIR /data
ENTRYPOINT ["siam"]

FROM runtime AS serve
COPY --from=build-serve /opt/siam /opt/siam
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/api/v1/health', timeout=4)"]
# Within the container every address is its own; who reaches it is said by -p, and by the token.
CMD ["serve", "--host", "0.0.0.0", "--no-open"]

# The last one is what is built without --target.
FROM runtime AS answers
COPY --from=build /opt/siam /opt/siam
CMD ["--help"]
