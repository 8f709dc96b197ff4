# The command line in a container: docker build --tag paynet-client-auth . No key belongs into it; mount the folder with your files.
FROM node:24.19.0-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && npm run --silent build -- --dist --quiet \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf build src tsconfig.json node_modules/.cache

FROM node:24.19.0-bookworm-slim
COPY --from=build /app /app
RUN ln -s /app/dist/cli.js /usr/local/bin/paynet-client-auth
WORKDIR /work
USER node
ENTRYPOINT ["paynet-client-auth"]
