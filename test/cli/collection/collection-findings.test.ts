// What stands in a collection file that must not, and which of its requests go to the authorization server: in every shape
// that JSON allows.

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findSecrets } from '../../../src/cli/collection/findings.ts';
import { findEndpointRequests } from '../../../src/cli/collection/requests.ts';
import { createCredentials, transportSubject } from '../../../src/demo/certificates.ts';
import { createEcKey, createRsaKey, disguisesOf, toJwk, toPkcs1, toPkcs8, toPublicPem } from '../../support/keys.ts';

const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const { publicKey, privateKey: ecKey } = createEcKey();
const opaque = `${randomBytes(32).toString('base64url')}1`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jwt = [{ alg: 'PS256', kid: 'k' }, { iss: 'client' }, { s: 'signature' }]
  .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');
const encrypted = (separator: string) =>
  [
    '-----BEGIN RSA PRIVATE KEY-----',
    'Proc-Type: 4,ENCRYPTED',
    'DEK-Info: AES-256-CBC,0A1B',
    '',
    'MIIE'.repeat(16),
  ].join(separator);

const bodyOf = (text: string) => text.replace(/-----[A-Z ]+-----\n/g, '');
const jwkText = JSON.stringify(toJwk(privateKey));
const lines = pem.trim().split('\n');

/** Secrets by their form, whatever they are called. */
const byForm: Record<string, [value: unknown, kind: string, path?: string]> = {
  'a PEM': [pem, 'private key'],
  'a PEM in one line': [toPkcs1(privateKey).replaceAll('\n', ' '), 'private key'],
  'a PEM without line breaks': [pem.replaceAll('\n', ''), 'private key'],
  'a PEM with its line breaks escaped': [pem.replaceAll('\n', '\\n'), 'private key'],
  'a PEM with its line breaks escaped twice': [pem.replaceAll('\n', '\\\\n'), 'private key'],
  'a PEM over the lines of a script': [['// mine', ...lines], 'private key'],
  'a PEM put together by a script': [lines.map(line => `"${line}\\n"`).join(' +\n  '), 'private key'],
  'a PEM put together over the lines of a script': [lines.map(line => `  '${line}\\n' +`), 'private key'],
  'a PEM as a list of lines in a script': [`[\`${lines.join('`,\n`')}\`].join('\\n')`, 'private key'],
  'a PEM in a URL': [encodeURIComponent(pem), 'private key'],
  'a PEM in a form': [new URLSearchParams({ any: pem }).toString(), 'private key'],
  'an encrypted PEM': [encrypted('\n'), 'private key'],
  'an encrypted PEM with its line breaks escaped': [encrypted('\\n'), 'private key'],
  'an encrypted PEM in one line': [encrypted(' '), 'private key'],
  'the Base64 of a PEM': [base64(pem), 'private key'],
  'the Base64 of a PEM in lines': [base64(pem).replace(/.{76}/g, '$&\n'), 'private key'],
  'the Base64 of DER': [bodyOf(pem).replaceAll('\n', ''), 'private key'],
  'the Base64 of DER in lines': [`key:\n${bodyOf(pem)}and more words`, 'private key'],
  'the Base64 of DER behind a line as long': [`${'f'.repeat(63)}\n${bodyOf(pem)}`, 'private key'],
  'the Base64 of DER put together by a script': [
    bodyOf(pem)
      .trim()
      .split('\n')
      .map(line => `'${line}'`)
      .join(' + '),
    'private key',
  ],
  'the Base64 of a PKCS#1 key': [bodyOf(toPkcs1(privateKey)), 'private key'],
  'the Base64 of an encrypted key': [
    bodyOf(String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }))),
    'private key',
  ],
  'an EC key in Base64': [ecKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'), 'private key'],
  'an EC key of SEC 1 in Base64': [ecKey.export({ type: 'sec1', format: 'der' }).toString('base64'), 'private key'],
  'an Ed25519 key in Base64': [
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    'private key',
  ],
  'a JWK': [toJwk(privateKey), 'private JWK'],
  'an EC JWK': [ecKey.export({ format: 'jwk' }), 'private JWK'],
  'a JWK with its primes alone': [{ ...toJwk(privateKey), d: undefined }, 'private JWK'],
  'a JWK as text': [jwkText, 'private JWK'],
  'a JWK as text in a text': [JSON.stringify(jwkText), 'private JWK'],
  'a JWK in a script': [`const key = ${jwkText.replace(/"(\w+)":/g, ' $1: ').replaceAll('"', "'")};`, 'private JWK'],
  'the Base64 of a JWK': [base64(jwkText), 'private JWK'],
  'the base64url of a JWK': [Buffer.from(jwkText).toString('base64url'), 'private JWK'],
  'a JWK in a URL': [encodeURIComponent(jwkText), 'private JWK'],
  'a JWT': [jwt, 'token'],
  'a JWT behind other words and dots': [`state-${jwt}`, 'token'],
  'a JWT behind two words with dots': [`aaaaaaaaaaaaaa.bbbbbbbbbbbbbb.${jwt}`, 'token'],
  'a JWT in a form': [`client_assertion=${jwt}&x=y`, 'token'],
  'a bearer token': [`Authorization: bearer ${'t'.repeat(20)}`, 'token'],
  'a bearer token in a script': [`headers.add({ key: 'x', value: 'Bearer ${opaque}' })`, 'token'],
  'a token that is bound to a key': [`DPoP ${opaque}`, 'token'],
  'a name and password': [`Basic ${base64('client:hunter2')}`, 'secret'],
  'a token under a key of any name': [{ 'a"b': { __proto__: null, c: [1, jwt] } }, 'token', '["a\\"b"].c[1]'],
};

/** Secrets that only their name gives away. */
const byName: Record<string, [value: unknown, kind: string, path?: string]> = {
  'a variable access_token': [{ key: 'access_token', value: opaque }, 'token', '.value'],
  'a variable refresh_token of a bank': [{ key: 'bank1_refresh_token', value: opaque }, 'token', '.value'],
  'a variable accessTokenOld': [{ key: 'accessTokenOld', value: opaque }, 'token', '.value'],
  'a variable token_to_revoke': [{ key: 'token_to_revoke', value: opaque }, 'token', '.value'],
  'a disabled variable': [{ key: 'access_token', value: opaque, disabled: true }, 'token', '.value'],
  'a variable client_secret': [{ key: 'client_secret', value: 'hunter2-and-more' }, 'secret', '.value'],
  'a variable of type secret': [{ key: 'any', value: 'hunter2-and-more', type: 'secret' }, 'secret', '.value'],
  'a variable signing_key with what is left of one': [
    { key: 'signing_key', value: 'Q'.repeat(50) },
    'private key',
    '.value',
  ],
  'a member': [{ deep: [{ accessToken: opaque }] }, 'token', '.deep[0].accessToken'],
  'the helper bearer': [{ bearer: [{ key: 'token', value: opaque, type: 'string' }] }, 'token', '.bearer[0].value'],
  'the helper bearer in format v2.0': [{ bearer: { token: opaque } }, 'token', '.bearer.token'],
  'the helper oauth2': [{ oauth2: [{ key: 'accessToken', value: opaque }] }, 'token', '.oauth2[0].value'],
  "the helper oauth2's secret": [
    { oauth2: [{ key: 'clientSecret', value: 'hunter2-and-more' }] },
    'secret',
    '.oauth2[0].value',
  ],
  'the helper basic': [{ basic: [{ key: 'password', value: 'hunter2-and-more' }] }, 'secret', '.basic[0].value'],
  'the helper apikey': [{ apikey: [{ key: 'value', value: 'hunter2-and-more' }] }, 'secret', '.apikey[0].value'],
  'a header': [{ key: 'Authorization', value: opaque }, 'token', '.value'],
  'a form field': [
    { urlencoded: [{ key: 'refresh_token', value: opaque, type: 'text' }] },
    'token',
    '.urlencoded[0].value',
  ],
  'a raw form': [{ raw: `grant_type=refresh_token&refresh_token=${opaque}&scope=x` }, 'token', '.raw'],
  'a raw form with its characters escaped': [{ raw: `refresh_token=abc%2Bdef1%2F${opaque}` }, 'token', '.raw'],
  'a query': [`https://api.example.my/x?access_token=${opaque}`, 'token'],
  'a fragment': [`Location: https://a.example.my/cb#access_token=${opaque}&state=x`, 'token'],
  'raw JSON': [`{\n  "refresh_token" : "${opaque}"\n}`, 'token'],
  'raw JSON in JSON': [JSON.stringify(JSON.stringify({ refresh_token: opaque })), 'token'],
  'a saved answer': [
    { response: [{ name: '200 OK', body: `{"access_token":"${opaque}","expires_in":600}` }] },
    'token',
    '.response[0].body',
  ],
  'a script that sets it': [[`pm.environment.set("access_token", "${opaque}");`], 'token', '[0]'],
  'a script that keeps it': [[`const accessToken = '${opaque}';`], 'token', '[0]'],
  'a script that puts it into an object': [[`o['refresh_token'] = \`${opaque}\``], 'token', '[0]'],
  'a script that fills a form': [[`form.upsert({ key: 'token', value: '${opaque}' })`], 'token', '[0]'],
  'a script that makes a form': [[`body: 'grant_type=x&refresh_token=${opaque}',`], 'token', '[0]'],
  "a script with a client's secret": [['let client_secret = "hunter2-and-more"'], 'secret', '[0]'],
};

/** What is no secret, although it looks like one or has the name of one. */
const harmless: Record<string, unknown> = {
  'a PEM without its body': '-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----',
  'words about a PEM': '-----BEGIN RSA PRIVATE KEY----- is the first line of a file',
  'more words about a PEM': 'Paste the key, its "-----BEGIN PRIVATE KEY-----" line too.',
  'a script that puts a PEM together': `'-----BEGIN PRIVATE KEY-----\\n' + theWholeBodyOfThePrivateKey + '\\n'`,
  'a reference': [
    '{{signing_key}}',
    { key: 'signing_key', value: '{{bank_key}}' },
    { access_token: '{{token_1_of_bank}}' },
  ],
  'a reference in a text': [
    'Bearer {{access_token}}',
    'token={{access_token_1}}&x=y',
    '{"refresh_token":"{{refresh_token_1}}"}',
  ],
  'an empty value': [{ key: 'access_token', value: '' }, { key: 'client_secret', value: null }, { refresh_token: '' }],
  'a placeholder': [
    '<token>',
    '<paste 1 here>',
    'paste it here 12345',
    'YOUR-ACCESS-TOKEN-1',
    'xxxxxxxxxxxxxxxx',
    'example-token-1234567',
    'eyJ...x1',
    '…',
    'access_token_value',
  ].map(value => [{ access_token: value }, { key: 'client_secret', value }, `"token": "${value}"`, `token=${value}`]),
  'what a token is called': {
    token_type: 'Bearer',
    token_type_hint: 'access_token',
    grant_type: 'refresh_token',
    use: 'client_credentials',
    tokenName: 'Token of bank 1',
  },
  'where a token is got': { key: 'accessTokenUrl', value: 'https://as.example.my/oauth2/token' },
  'how clients authenticate': {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint: '{{issuer}}/oauth2/token',
  },
  'when a token ends': { key: 'access_token_expiry', value: '1764000000000' },
  'what scripts do with tokens': [
    "pm.environment.set('access_token', jsonData1.access_token);",
    'const token = pm.response.json().access_token2;',
    'let token=responseOfBank1.access_token',
    'if (!body1.refresh_token) throw new Error(\'"refresh_token" is not set.\');',
    "pm.test('the token', () => pm.expect(token1).to.be.a('string'));",
    "token: pm.variables.get('access_token_1'),",
    'o.password="+h.hex}g=h.hex}if(h.utf8!==undefined){g=utf8tohex(h.utf8)}"',
    "{ key: 'token', value: accessTokenOfBank1 }",
  ],
  'three words': ['eyJ.eyJ.x', 'www.authentication-server.example-of-a-bank.my'],
  'a public key': [
    toPublicPem(privateKey),
    publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    publicKey.export({ format: 'jwk' }),
    { kty: 'RSA', n: toJwk(privateKey).n, e: 'AQAB', kid: 'key-1', use: 'sig' },
    JSON.stringify({ keys: [{ kty: 'RSA', n: toJwk(privateKey).n, e: 'AQAB', kid: 'key-1' }] }),
  ],
  'a checksum': [
    'x'.repeat(500),
    'A'.repeat(4000),
    randomBytes(3000).toString('base64'),
    randomBytes(64).toString('hex'),
  ],
};

describe('findSecrets', () => {
  for (const [title, [value, kind, path = '']] of Object.entries({ ...byForm, ...byName })) {
    it(`finds ${title}`, () => {
      const findings = findSecrets({ before: 'x', value });
      assert.deepEqual(
        findings.map(one => [one.kind, one.path]),
        [[kind, `$.value${path}`]],
      );
    });
  }

  it('finds a private key in each form in which the script takes one', async () => {
    const { authority } = await createCredentials();
    for (const [form, value] of Object.entries(disguisesOf(privateKey, authority.cert))) {
      const kinds = new Set(findSecrets({ before: 'x', value }).map(({ kind }) => kind.replace('JWK', 'key')));
      assert.deepEqual([...kinds], ['private key'], form);
    }
    const jwks = { keys: [{ ...toJwk(privateKey), d: 'a+b/'.repeat(30), p: undefined, q: undefined }] };
    assert.deepEqual(
      findSecrets(jwks).map(({ kind, path }) => [kind, path]),
      [['private JWK', '$.keys[0]']],
    );
  });

  for (const [title, value] of Object.entries(harmless)) {
    it(`passes over ${title}`, () => {
      assert.deepEqual(findSecrets({ value }), []);
    });
  }

  it('passes over a certificate', async () => {
    const { authority } = await createCredentials();
    const { cert } = await authority.issueClientCertificate({ ...transportSubject });
    assert.deepEqual(findSecrets([cert, bodyOf(cert), base64(cert), { key: 'signing_key', value: cert }]), []);
  });

  it('passes over what is shipped: the collection with the script, the environment, and this project pasted as text', () => {
    for (const file of ['paynet.postman_collection.json', 'paynet.postman_environment.json']) {
      assert.deepEqual(findSecrets(JSON.parse(readFileSync(`collections/${file}`, 'utf8'))), [], file);
    }
    for (const file of ['README.md', 'dist/cli.js', 'node_modules/jsrsasign/lib/jsrsasign-all-min.js']) {
      const text = readFileSync(file, 'utf8');
      assert.deepEqual(findSecrets([text, text.split('\n')]), [], file);
    }
  });

  it('names the folders and the request that a secret is in, and its own name', () => {
    const request = {
      header: [{ key: 'Authorization', value: `Bearer ${opaque}` }],
      url: `https://x/?token=${opaque}`,
    };
    const response = [{ name: '200 OK', body: JSON.stringify({ refresh_token: opaque }) }];
    const collection = {
      info: { name: 'Bank' },
      variable: [{ key: 'access_token', value: opaque }],
      item: [{ name: 'Tokens', item: [{ name: 'Refresh', request, response }] }],
      event: [{ listen: 'test', script: { exec: [`let token = '${opaque}'`] } }],
    };
    assert.deepEqual(
      findSecrets(collection).map(({ names, path }) => [names.join(' / '), path]),
      [
        ['access_token', '$.variable[0].value'],
        ['Tokens / Refresh / Authorization', '$.item[0].item[0].request.header[0].value'],
        ['Tokens / Refresh', '$.item[0].item[0].request.url'],
        ['Tokens / Refresh / 200 OK', '$.item[0].item[0].response[0].body'],
        ['', '$.event[0].script.exec[0]'],
      ],
    );
  });

  it('does not show a secret that stands in a name', () => {
    const findings = findSecrets({ item: [{ name: `Get ${jwt}`, request: { [jwt]: { access_token: opaque } } }] });
    assert.deepEqual(findings, [
      { code: 'secret_found', kind: 'token', path: '$.item[0].name', names: ['…'] },
      { code: 'secret_found', kind: 'token', path: '$.item[0].request["…"].access_token', names: ['…'] },
    ]);
  });

  it('finds all in the order of the document, however deep it is nested', () => {
    let value: unknown = jwt;
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    let item: unknown = { access_token: opaque };
    for (let depth = 0; depth < 50_000; depth++) item = { name: 'f', item: [item] };
    const findings = findSecrets([{ first: jwt }, value, pem, item]);
    assert.deepEqual(
      findings.map(({ kind, path }) => `${kind} ${path.slice(0, 9)}`),
      ['token $[0].firs', 'token $[1][0][0', 'private key $[2]', 'token $[3].item'],
    );
    assert.equal(findings[3]?.names.length, 50_000);
  });

  it('reads 20 MB in some seconds', () => {
    const { item } = JSON.parse(readFileSync('collections/paynet.postman_collection.json', 'utf8'));
    const { length } = JSON.stringify(item);
    const items = Array.from({ length: Math.ceil((20 * 2 ** 20) / length) }, () => item);
    const start = performance.now();
    assert.deepEqual(findSecrets({ item: items }), []);
    const seconds = (performance.now() - start) / 1000;
    assert.equal(seconds < 20, true, `it took ${seconds} s`);
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
      { name: 'verb', request: { method: '{{verb}}', url: '{{token_endpoint}}' } },
      { name: 'GET', request: { method: 'GET', url: '{{token_endpoint}}' } },
      { name: 'text', request: '{{token_endpoint}}' },
      { name: 'other', request: post('https://as.example.my/token/more') },
    ];
    const variable = [
      { key: 'host', value: '{{sub}}.example.my' },
      { key: 'sub', value: 'as' },
      { key: 'verb', value: 'Post' },
      null,
      { key: 1 },
    ];
    assert.deepEqual(
      find(item, { variable }).map(({ name }) => name),
      ['a', 'f / g / b', 'without a name', 'd', 'e', 'verb'],
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
    const [found, ...others] = find([...odd, ...requests.map(request => ({ request })), named]);
    assert.deepEqual([found?.endpoint, found?.name, others], ['token_endpoint', 'without a name', []]);
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
