# Weir in a container: docker build -t weir . && docker run --rm weir --help
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The Node.js that the package brings for older ones is not needed here.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-* node_modules/node-bin-*
COPY bin bin
COPY processors processors
COPY schemas schemas
COPY sql sql

FROM node:24.21.0-bookworm-slim
RUN mkdir -p /var/lib/weir && chown node:node /var/lib/weir
WORKDIR /app
COPY --from=build /app ./
ENV NODE_ENV=production WEIR_DATA=/var/lib/weir
VOLUME /var/lib/weir
USER node
EXPOSE 8123 9464
# Whether the process is there; docker-compose.yml asks each service for more.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["node", "-e", "process.kill(1, 0)"]
ENTRYPOINT ["node", "/app/bin/weir.js"]
CMD ["--help"]
