# An image that answers: query, verify, index, embed. It holds no TensorFlow and trains nothing.
#
#     docker build -t siam .
#     docker run --rm -v "$PWD/runs:/runs" -v "$PWD:/data" siam query /data/picture.jpg
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/siam && /opt/siam/bin/pip install --no-cache-dir .

FROM python:3.12-slim
COPY --from=build /opt/siam /opt/siam
ENV PATH=/opt/siam/bin:$PATH SIAM_RUNS=/runs
RUN useradd --create-home siam
USER siam
WORKDIR /data
ENTRYPOINT ["siam"]
CMD ["--help"]
