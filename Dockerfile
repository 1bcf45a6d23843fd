# The operator's image: one layer of ours on a base that holds Node.js and no shell. Without a container engine,
# `npm run image` makes the same layer from the same files.
#
#   docker build --build-arg TRUSTED_KEYS=keys/trusted-keys.json --tag ghcr.io/5dlabs/cto-operator:0.1.0 .
#
# For every platform, and the same bytes each time:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" \
#     --provenance=mode=max --sbom=true --output type=image,name=…,push=true,rewrite-timestamp=true .

ARG BUILD_IMAGE=docker.io/library/node:24-slim
# Any image with Node.js 24 in one of the folders of PATH below; pin it by its digest where you publish.
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# Nothing in it depends on the processor, so it is built once, on the builder's own.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
# The compiler's settings are part of what is built.
COPY LICENSE tsconfig.json ./
COPY src ./src
# The vendor's public keys, a JWK Set in the build context. Nobody can add one to an image that was built; the one here
# trusts nobody.
ARG TRUSTED_KEYS=src/devtools/packaging/no-trusted-keys.json
COPY ${TRUSTED_KEYS} ./trusted-keys.json
ARG SOURCE_DATE_EPOCH
# The code, the keys, the license and the bill of materials.
RUN node src/devtools/packaging/image.ts --trusted-keys trusted-keys.json --content /out

FROM ${BASE_IMAGE}
COPY --from=build /out/ /
LABEL org.opencontainers.image.title="cto-operator" \
      org.opencontainers.image.description="Enforces a software vendor's licenses inside the customer's Kubernetes cluster." \
      org.opencontainers.image.vendor="5D Labs" \
      org.opencontainers.image.licenses="LicenseRef-FSL-1.1-ALv2" \
      org.opencontainers.image.version="0.1.0"
# A base may have Node in any of these. One arena for small memory saves 20 MB with 15,000 nodes.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin NODE_ENV=production MALLOC_ARENA_MAX=1
USER 65532:65532
WORKDIR /
EXPOSE 8080/tcp
# Nothing in the bundle makes code from text, so nothing may. The small young generation saves 7 MB of memory.
ENTRYPOINT ["node", "--disallow-code-generation-from-strings", "--max-semi-space-size=2", "/app/cto.mjs"]
CMD ["operator"]
