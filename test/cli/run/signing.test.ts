// What `run` signs with the real key, and for whom: only what goes to the authorization server, whatever a script of the collection
// signs with the throw-away key that it finds, and wherever it sends it.

import assert from 'node:assert/strict';
import { type KeyObject, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { form } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { SIGNER } from '../../support/hostile-signer.ts';
import { createRsaKey, toPkcs8, toPublicPem } from '../../support/keys.ts';
import { createSignCommand } from '../../support/sign-command.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

describe('run signs with the real key', () => {
  const { privateKey, publicKey } = createRsaKey();
  let folder: Folder;
  let honest: Server;
  let evil: Server;
  /** The bodies that arrived, by server. */
  const received: Record<'honest' | 'evil', string[]> = { honest: [], evil: [] };
  const urlOf = (server: Server, path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  const start = (name: 'honest' | 'evil') =>
    createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      received[name].push(Buffer.concat(chunks).toString());
      if (request.url === '/redirect') response.writeHead(307, { location: urlOf(evil, '/x') });
      else if (request.url?.startsWith('/.well-known')) response.statusCode = 404;
      response.end('{}');
    });
  before(async () => {
    folder = createFolder();
    folder.write('key.pem', toPkcs8(privateKey));
    [honest, evil] = [start('honest'), start('evil')];
    for (const server of [honest, evil]) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    for (const server of [honest, evil]) server.close();
    folder.remove();
  });
  beforeEach(() => {
    received.honest.length = received.evil.length = 0;
  });

  const isReal = (jws: string, key: KeyObject = publicKey) => {
    const [header, claims, signature = ''] = jws.split('.');
    const options = { key, padding: 6, saltLength: 32 };
    return verify('sha256', Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, 'base64url'));
  };
  /** The JWS that arrived at a server, each with whether the real key has signed it. */
  const signedAt = (name: 'honest' | 'evil') =>
    received[name].flatMap(body =>
      [...new URLSearchParams(body).values()].filter(value => /^ey.*\..*\./.test(value)).map(jws => isReal(jws)),
    );

  /** Runs one request whose script signs; the lines come behind the signer. */
  const run = async (
    lines: string[],
    request: object = { method: 'GET', url: urlOf(honest, '/x') },
    { variable, ...extra }: { variable?: object[]; protocolProfileBehavior?: object } = {},
    signer = ['--signing-key', folder.path('key.pem')],
    test: string[] = [],
  ) => {
    const event = [
      { listen: 'prerequest', script: { exec: [...SIGNER.split('\n'), ...lines] } },
      { listen: 'test', script: { exec: test } },
    ];
    const collection = {
      info: { name: 'hostile', schema: SCHEMA },
      item: [{ name: 'request', event, request, ...extra }],
      variable,
    };
    const environment = toEnvironment({ token_endpoint: urlOf(honest, '/token'), client_id: 'c', kid: 'key-1' });
    return runCommand([
      ...['run', folder.write('collection.json', collection), '-e', folder.write('env.json', environment)],
      ...signer,
    ]);
  };
  const claims = (aud: unknown) => `sign(${JSON.stringify(JSON.stringify({ iss: 'c', sub: 'c', aud }))})`;
  const sendTo = (url: string, jws: string, fields = '') =>
    `pm.sendRequest({ url: "${url}", method: "POST", body: { mode: "urlencoded", urlencoded: [${fields}{ key: "client_assertion", value: ${jws} }] } }, () => {});`;

  it('what goes to the host of its audience, or to an endpoint that the environment sets', async () => {
    const lines = [
      sendTo(urlOf(honest, '/other'), claims(urlOf(honest, '/'))),
      sendTo(
        urlOf(honest, '/token'),
        claims('https://issuer.example.my'),
        '{ key: "client_assertion_type", value: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }, ',
      ),
    ];
    const { code, stdout } = await run(lines);
    assert.equal(code, 0, stdout);
    assert.deepEqual(signedAt('honest'), [true, true]);
  });

  const abuses: [title: string, says: RegExp, prepare: () => Parameters<typeof run>][] = [
    ['for another host', /it is for http/, () => [[sendTo(urlOf(evil, '/x'), claims(urlOf(honest, '/token')))]]],
    [
      'for several audiences',
      /its "aud" is not one text/,
      () => [[sendTo(urlOf(evil, '/x'), claims([urlOf(evil, '/x'), urlOf(honest, '/token')]))]],
    ],
    [
      'for two audiences of one name',
      /its "aud" is not one text/,
      () => [[sendTo(urlOf(evil, '/x'), `sign('{"aud":"${urlOf(honest, '/token')}","aud":"${urlOf(evil, '/')}"}')`)]],
    ],
    [
      'for two audiences of which one is in capitals, which some servers read',
      /its "aud" is not one text/,
      () => [[sendTo(urlOf(evil, '/x'), `sign('{"aud":"${urlOf(evil, '/')}","AUD":"${urlOf(honest, '/token')}"}')`)]],
    ],
    ['with claims that are no JSON', /its "aud" is not one text/, () => [[sendTo(urlOf(evil, '/x'), `sign('{"aud')`)]]],
    [
      'for an endpoint that a script has set',
      /it is for http/,
      () => [
        [
          `pm.environment.set("revocation_endpoint", "${urlOf(evil, '/x')}");`,
          sendTo(urlOf(evil, '/x'), claims(urlOf(honest, '/token'))),
        ],
      ],
    ],
    [
      'for an endpoint on a host that the collection alone names',
      /nor an endpoint that your environment names/,
      () => [
        [
          sendTo(
            urlOf(evil, '/x'),
            claims(urlOf(honest, '/token')),
            '{ key: "client_assertion_type", value: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }, ',
          ),
        ],
        undefined,
        { variable: [{ key: 'introspection_endpoint', value: urlOf(evil, '/x') }] },
      ],
    ],
    [
      'where the collection names a proxy',
      /the collection names a proxy/,
      () => {
        const { port } = evil.address() as AddressInfo;
        const body = form(['a', 'b']);
        const proxy = { host: '127.0.0.1', port, match: '<all_urls>', tunnel: false };
        return [
          [`pm.request.body.urlencoded.add({ key: "client_assertion", value: ${claims(urlOf(honest, '/token'))} });`],
          { method: 'POST', url: urlOf(honest, '/other'), body, proxy },
        ];
      },
    ],
    [
      'where the collection does not verify the server',
      /verification of the server certificate off/,
      () => [
        [`pm.request.body.urlencoded.add({ key: "client_assertion", value: ${claims(urlOf(honest, '/token'))} });`],
        { method: 'POST', url: urlOf(honest, '/other'), body: form(['a', 'b']) },
        { protocolProfileBehavior: { strictSSL: false } },
      ],
    ],
  ];
  for (const [title, says, prepare] of abuses) {
    it(`nothing ${title}, and is red then`, async () => {
      const { code, stdout, stderr } = await run(...prepare());
      assert.equal(code, 1, stdout + stderr);
      assert.match(stdout.replace(/\s+/g, ' '), says);
      assert.deepEqual([...signedAt('evil'), ...signedAt('honest')], [false]);
    });
  }

  it('nothing that a test script can give away: it sees what the throw-away key has signed', async () => {
    const jws = claims(urlOf(honest, '/token'));
    const giveAway = [
      'const { urlencoded, raw } = pm.request.body;',
      'const seen = raw ? raw.slice(2) : urlencoded.get("any");',
      sendTo(urlOf(evil, '/x'), 'seen'),
    ];
    const request = { method: 'POST', url: urlOf(honest, '/other'), body: form(['a', 'b']) };
    for (const line of [
      `pm.request.body.urlencoded.add({ key: "any", value: ${jws} });`,
      `pm.request.body = { mode: "raw", raw: "a=" + ${jws} };`,
    ]) {
      const { code } = await run([line], request, {}, undefined, giveAway);
      assert.equal(code, 1);
    }
    assert.deepEqual(
      [signedAt('honest'), signedAt('evil')],
      [
        [true, true],
        [false, false],
      ],
    );
  });

  it('what a command signs in its place: under the same rules, in Newman with a throw-away key alone', async () => {
    const command = createSignCommand(folder, privateKey);
    folder.write('public.pem', toPublicPem(privateKey));
    const signer = ['--sign-command', command(), '--public-key', folder.path('public.pem')];
    const show = 'console.log("the key: " + pm.environment.get("signing_key"));';
    const good = await run([show, sendTo(urlOf(honest, '/other'), claims(urlOf(honest, '/')))], undefined, {}, signer);
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.match(good.stdout, /the key: \[signing_key\]/);
    const bad = await run([sendTo(urlOf(evil, '/x'), claims(urlOf(honest, '/token')))], undefined, {}, signer);
    assert.equal(bad.code, 1);
    assert.deepEqual([signedAt('honest'), signedAt('evil')], [[true], [false]]);
  });

  it('nothing where the command fails: what was to be signed is not sent, and the run is red', async () => {
    const request = { method: 'POST', url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) };
    const add = [
      'pm.request.body.urlencoded.add({ key: "client_id", value: "c" });',
      'pm.request.body.urlencoded.add({ key: "client_assertion_type", value: "x" });',
      `pm.request.body.urlencoded.add({ key: "client_assertion", value: ${claims(urlOf(honest, '/token'))} });`,
    ];
    const once = `test -e "${folder.path('used')}" && exit 7; touch "${folder.path('used')}"; `;
    const command = once + createSignCommand(folder, privateKey)();
    const { code, stdout } = await run(add, request, {}, ['--sign-command', command]);
    assert.equal(code, 1);
    assert.match(stdout.replace(/\s+/g, ' '), /Nothing was sent to .*--sign-command ended with exit code 7/);
    assert.deepEqual(received.honest.filter(Boolean), []);
  });

  it('nothing where a file of data has a signing key beside the command', async () => {
    const data = folder.write('data.json', [{ signing_key: toPkcs8(privateKey) }]);
    const command = createSignCommand(folder, privateKey)();
    const { code, stderr } = await run([], undefined, {}, ['--sign-command', command, '-d', data]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /"signing_key" must be unset where --sign-command signs\. Unset it in globals, collection and data/,
    );
  });

  it('nothing that follows a redirect, in a request or in one of a script', async () => {
    const jws = claims(urlOf(honest, '/token'));
    await run(
      [`pm.request.body.urlencoded.add({ key: "any", value: ${jws} });`, sendTo(urlOf(honest, '/redirect'), jws)],
      {
        method: 'POST',
        url: urlOf(honest, '/redirect'),
        body: form(['a', 'b']),
      },
    );
    assert.deepEqual(signedAt('honest'), [true, true]);
    assert.deepEqual(received.evil, []);
  });
});
