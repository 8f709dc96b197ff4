// What stands in a collection file that must not, and which of its requests go to the authorization server: in every shape
// that JSON allows.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findEndpointRequests, findSecrets } from '../src/cli/collection-findings.ts';
import { createRsaKey, toJwk, toPkcs1, toPkcs8 } from './support/keys.ts';

const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const jwt = `ey${'J'.repeat(30)}.ey${'K'.repeat(30)}.${'s'.repeat(40)}`;
const encrypted = (separator: string) =>
  [
    '-----BEGIN RSA PRIVATE KEY-----',
    'Proc-Type: 4,ENCRYPTED',
    'DEK-Info: AES-256-CBC,0A1B',
    '',
    'MIIE'.repeat(16),
  ].join(separator);

describe('findSecrets', () => {
  const found: [title: string, value: unknown, kind: string, path?: string][] = [
    ['a PEM', pem, 'private key'],
    ['a PEM in one line', toPkcs1(privateKey).replaceAll('\n', ' '), 'private key'],
    ['a PEM with its line breaks escaped twice', pem.replaceAll('\n', '\\\\n'), 'private key'],
    ['a PEM over the lines of a script', ['// mine', ...pem.split('\n')], 'private key'],
    ['an encrypted PEM', encrypted('\n'), 'private key'],
    ['an encrypted PEM with its line breaks escaped', encrypted('\\n'), 'private key'],
    ['an encrypted PEM in one line', encrypted(' '), 'private key'],
    ['the Base64 of a PEM', Buffer.from(pem).toString('base64'), 'private key'],
    ['the Base64 of DER', pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'private key'],
    ['a JWK', toJwk(privateKey), 'private JWK'],
    ['a JWK as text in a text', JSON.stringify(JSON.stringify(toJwk(privateKey))), 'private JWK'],
    ['a JWT', jwt, 'token'],
    ['a JWT behind other words and dots', `state-${jwt}`, 'token'],
    ['a JWT behind two words with dots', `aaaaaaaaaaaaaa.bbbbbbbbbbbbbb.${jwt}`, 'token'],
    ['a bearer token', `Authorization: bearer ${'t'.repeat(20)}`, 'token'],
    ['a token under a key of any name', { 'a"b': { __proto__: null, c: [1, jwt] } }, 'token', '["a\\"b"].c[1]'],
  ];
  for (const [title, value, kind, path = ''] of found) {
    it(`finds ${title}`, () => {
      assert.deepEqual(findSecrets({ before: 'x', value }), [{ kind, path: `$.value${path}` }]);
    });
  }

  it('finds nothing in what only looks like it', () => {
    const values = [
      '-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----',
      '-----BEGIN RSA PRIVATE KEY----- is the first line of a file',
      '{{signing_key}}',
      'eyJ.eyJ.x',
      'www.authentication-server.example-of-a-bank.my',
      'Bearer {{access_token}}',
      { kty: 'RSA', n: 'x'.repeat(300), e: 'AQAB' },
      'x'.repeat(500),
    ];
    assert.deepEqual(findSecrets(values), []);
  });

  it('finds all in the order of the document, however deep it is nested', () => {
    let value: unknown = jwt;
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    const findings = findSecrets([{ first: jwt }, value, pem]);
    assert.deepEqual(
      findings.map(({ kind, path }) => `${kind} ${path.slice(0, 9)}`),
      ['token $[0].firs', 'token $[1][0][0', 'private key $[2]'],
    );
  });
});

describe('findEndpointRequests', () => {
  const endpoints = { token_endpoint: 'https://as.example.my/token' };
  const find = (item: unknown, more: object = {}) => findEndpointRequests({ item, ...more }, endpoints, () => '');
  const post = (url: unknown) => ({ method: 'POST', url });

  it('finds them by variable, by URL, by the parts of a URL and through other variables, in their order', () => {
    const parts = { protocol: 'https', host: ['as', 'example', 'my'], path: ['token'] };
    const item = [
      { name: 'a', request: post('{{token_endpoint}}') },
      {
        name: 'f',
        item: [{ name: 'g', item: [{ name: 'b', request: post({ raw: 'https://AS.example.my/token?x' }) }] }],
      },
      { request: post(parts) },
      { name: 'd', request: post({ ...parts, path: '/token', host: 'as.example.my' }) },
      { name: 'e', request: post('https://{{host}}/token') },
      { name: 'GET', request: { method: 'GET', url: '{{token_endpoint}}' } },
      { name: 'text', request: '{{token_endpoint}}' },
      { name: 'other', request: post('https://as.example.my/token/more') },
    ];
    const variable = [{ key: 'host', value: '{{sub}}.example.my' }, { key: 'sub', value: 'as' }, null, { key: 1 }];
    assert.deepEqual(
      find(item, { variable }).map(({ name }) => name),
      ['a', 'f / g / b', 'without a name', 'd', 'e'],
    );
  });

  it('passes over what is not as the format has it', () => {
    const odd = [null, 5, 'x', [], {}, { item: {} }, { item: [null] }, { request: null }, { request: [] }];
    const text = { toString: 5 };
    const requests = [
      post(5),
      post([]),
      post({ raw: 5 }),
      post({ host: [text, null], path: [text] }),
      { method: text },
    ];
    const named = { name: text, request: post('{{token_endpoint}}') };
    assert.deepEqual(find([...odd, ...requests.map(request => ({ request })), named]), [
      { endpoint: 'token_endpoint', name: 'without a name' },
    ]);
    for (const item of [undefined, null, 5, 'x', {}]) assert.deepEqual(find(item), []);
    for (const variable of [null, 5, {}, 'x']) assert.deepEqual(find([], { variable }), []);
  });

  it('reads folders however deep, and variables that hold themselves again and again', () => {
    let item: unknown = [{ name: 'x', request: post('{{token_endpoint}}') }];
    for (let depth = 0; depth < 50_000; depth++) item = [{ name: 'f', item }];
    assert.match(find(item)[0]?.name ?? '', /^f \/ f \/ .* \/ x$/);
    const variable = [
      { key: 'a', value: '{{a}}{{a}}{{b}}{{b}}' },
      { key: 'b', value: '{{a}}{{a}}' },
    ];
    const start = performance.now();
    assert.deepEqual(find([{ request: post('{{a}}') }], { variable }), []);
    assert.equal(performance.now() - start < 5000, true, 'it took seconds');
  });
});
