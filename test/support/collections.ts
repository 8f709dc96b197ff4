// Collections for tests: a few requests, and the built scripts in front of them as `inject` puts them there.

import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(`../../dist/${name}.js`, import.meta.url), 'utf8');

/** The built pre-request script. */
export const script = read('pre-request');
/** The built post-response script. */
export const postResponse = read('post-response');
/** Both built scripts. */
export const scripts = { preRequest: script, postResponse };

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

export type RequestDefinition = {
  method?: string;
  url: unknown;
  header?: { key: string; value: string; disabled?: boolean }[];
  body?: object | undefined;
  auth?: object;
};

/** A form with the given fields, as Postman stores it. */
export const form = (...fields: [key: string, value: string, disabled?: boolean][]) => ({
  mode: 'urlencoded',
  urlencoded: fields.map(([key, value, disabled]) => ({ key, value, ...(disabled && { disabled }) })),
});

/** A raw body, and the header that goes with it. */
export const raw = (contentType: string, text: string) => ({
  header: [{ key: 'Content-Type', value: contentType }],
  body: { mode: 'raw', raw: text },
});

const BASIC = {
  type: 'basic',
  basic: [
    ['username', 'user'],
    ['password', 'secret'],
  ].map(([key, value]) => ({ key, value })),
};

/** Basic authorization, as Postman stores it. */
export const basicAuth = (): object => structuredClone(BASIC);

const eventOf = (listen: string, source: string) => ({
  listen,
  script: { type: 'text/javascript', exec: source.split('\n') },
});

/** Both scripts as events, as they are injected. */
export const ownEvents = (source = script) => [eventOf('prerequest', source), eventOf('test', scripts.postResponse)];

/** A collection of requests with the scripts in front. */
export const collectionOf = (requests: RequestDefinition[], extra: object = {}, source = script): object => ({
  info: { name: 'test', schema: SCHEMA },
  event: ownEvents(source),
  item: requests.map((request, index) => ({ name: `request ${index}`, request: { method: 'POST', ...request } })),
  ...extra,
});
