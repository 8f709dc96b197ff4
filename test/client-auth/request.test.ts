// What of a request does not go with client authentication: what is refused, what can be replaced, and what stays as it is.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkRequest,
  findObstacles,
  isDropped,
  type ReadableRequest,
  withoutAuthentication,
} from '../../src/client-auth/request.ts';

const URL = 'https://as.example.my/token';
const asItIs = (template: unknown): string => String(template ?? '');
const fields = (...pairs: [string, string][]) => pairs.map(([key, value]) => ({ key, value }));

const requestOf = (change: Partial<ReadableRequest> = {}): ReadableRequest => ({
  method: 'POST',
  url: URL,
  headers: [],
  body: { mode: 'urlencoded', urlencoded: fields(['grant_type', 'x']) },
  authorization: 'noauth',
  ...change,
});

describe('withoutAuthentication', () => {
  const urls: [string, string][] = [
    [`${URL}?a=b&client_secret=c#d`, `${URL}?a=b#d`],
    [`${URL}?client_id=a&client%5Fassertion=b`, URL],
    ['https://user:p%40w@as.example.my/token', URL],
  ];
  for (const [url, expected] of urls)
    it(`makes ${expected} of ${url}`, () => assert.equal(withoutAuthentication(url), expected));

  for (const url of [URL, `${URL}?a=client_id&&b#client_id=c`, `${URL}#?a=c`, 'https://a/b@c']) {
    it(`leaves ${url} as it is`, () => assert.equal(withoutAuthentication(url), url));
  }
});

describe('isDropped', () => {
  it('is what does not go with the form that is written', () => {
    const dropped = [
      ['CONTENT-length ', '5'],
      ['content-type', 'application/json'],
      ['Authorization', 'basic dTpw'],
    ];
    for (const [name = '', value = ''] of dropped) assert.equal(isDropped(name, value), true, name);
    const kept = [
      ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
      ['Authorization', 'Bearer x'],
      ['X-Content-Length', '5'],
    ];
    for (const [name = '', value = ''] of kept) assert.equal(isDropped(name, value), false, name);
  });
});

describe('findObstacles', () => {
  it('finds nothing in a plain form', () => {
    assert.deepEqual(findObstacles(requestOf(), `${URL}?a=client_id#client_id`, asItIs)[0], []);
  });

  it('finds all of them, in words and with the variable that replaces them', () => {
    const request = requestOf({
      headers: [
        { name: 'authorization', value: 'Basic x' },
        { name: 'content-type', value: 'application/json' },
      ],
      body: { mode: 'raw', raw: '{"client_secret":"x"}' },
      authorization: 'oauth2',
    });
    const [obstacles, form] = findObstacles(request, 'https://u:p@as.example.my/token?client_id=a', asItIs);
    assert.deepEqual(
      obstacles.map(({ what }) => what),
      [
        '"client_id"',
        'a user name',
        'the header Content-Type of something else',
        'authorization of type "oauth2"',
        'Basic in a header',
        '"client_secret"',
      ],
    );
    for (const { canReplace, refusal } of obstacles) {
      assert.equal(canReplace, true);
      assert.match(refusal.message, /, or set existing_client_authentication to replace\.$/);
    }
    assert.deepEqual(form, { mode: 'urlencoded', fields: fields(['client_secret', 'x']) });
  });

  it('does not promise to replace a body with nested values or files', () => {
    const bodies = [
      { mode: 'raw', raw: '{"a":{}}' },
      { mode: 'formdata', formdata: [{ key: 'a', type: 'file', src: 'x' }] },
      { mode: 'graphql' },
    ];
    for (const body of bodies) {
      const request = requestOf({ body });
      const [[obstacle]] = findObstacles(request, URL, asItIs);
      assert.equal(obstacle?.canReplace, false);
      assert.match(obstacle?.refusal.message ?? '', /Choose "x-www-form-urlencoded" in the tab Body\.$/);
      assert.throws(() => checkRequest(request, URL, asItIs, true), { code: 'request_body_invalid' });
    }
  });
});
