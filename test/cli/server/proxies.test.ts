// Every command behind a proxy that alone knows where the authorization server is, beside it with NO_PROXY, and before proxies that
// open no connection.

import assert from 'node:assert/strict';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { send } from '../../../src/cli/server/send.ts';
import { createCredentials } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { type ProxyServer, startProxy, withVariables } from '../../support/proxy.ts';
import { startRecorder } from '../../support/recorder.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

const HOST = 'as.proxied.test';
const PASSWORD = 'open-sesame-7';

let folder: Folder;
let files: CredentialFiles;
let server: https.Server;
let port: number;
let proxy: ProxyServer;
let isRefusing = false;
const subjects: string[] = [];

before(async () => {
  const credentials = await createCredentials();
  const { cert, key } = await credentials.authority.issueServerCertificate(HOST);
  files = writeCredentialFiles(credentials);
  folder = createFolder();
  server = https.createServer(
    { cert, key, ca: credentials.authority.cert, requestCert: true, rejectUnauthorized: false },
    ({ url, headers, socket }, response) => {
      const base = `https://${headers.host}`;
      const methods = ['private_key_jwt', 'tls_client_auth'];
      const metadata = {
        issuer: base,
        token_endpoint: `${base}/token`,
        token_endpoint_auth_methods_supported: methods,
        token_endpoint_auth_signing_alg_values_supported: ['PS256'],
      };
      const isRefused = url === '/token' && isRefusing;
      if (url === '/token')
        subjects.push(String((socket as import('node:tls').TLSSocket).getPeerCertificate()?.subject?.CN));
      response.writeHead(isRefused ? 401 : 200, { 'content-type': 'application/json' });
      const answers: Record<string, object> = {
        '/.well-known/openid-configuration': metadata,
        '/jwks': { keys: [credentials.signingKey.publicJwk] },
        '/token': isRefused ? { error: 'invalid_client' } : { access_token: 'x', token_type: 'Bearer' },
      };
      response.end(JSON.stringify(answers[url ?? ''] ?? {}));
    },
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  proxy = await startProxy(HOST);
  folder.write('key.pem', credentials.signingKey.privateKey);
  folder.write('collection.json', tokenCollection());
  for (const host of [HOST, 'localhost']) {
    const { kid } = credentials.signingKey;
    const token_endpoint_auth_method = 'private_key_jwt';
    folder.write(
      `${host}.json`,
      toEnvironment({ issuer: `https://${host}:${port}`, client_id: 'client', kid, token_endpoint_auth_method }),
    );
  }
});
beforeEach(() => {
  isRefusing = false;
  subjects.length = 0;
  proxy.asked.length = 0;
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await proxy.close();
  folder.remove();
  files.remove();
});

/** The arguments of a command that acts as the client. */
const toArgs = (command: string[], host: string) => [
  ...command,
  ...['-e', folder.path(`${host}.json`), '--signing-key', folder.path('key.pem'), '--ssl-extra-ca-certs', files.ca],
  ...['--ssl-client-cert', files.cert, '--ssl-client-key', files.key],
];
const call = async (variables: Record<string, string>, command: string[], host = HOST) => {
  const result = await withVariables(variables, () => runCommand(toArgs(command, host)));
  const text = result.stdout + result.stderr;
  assert.doesNotMatch(text, new RegExp(PASSWORD), 'the password of the proxy is shown');
  return { ...result, text };
};
const urlOf = ({ port: at }: Pick<ProxyServer, 'port'>, user = `me:${PASSWORD}@`) => `http://${user}127.0.0.1:${at}`;

const COMMANDS: [title: string, command: () => string[]][] = [
  ['check', () => ['check']],
  ['check --live', () => ['check', '--live']],
  ['check --jwks with a URL', () => ['check', '--jwks', `https://${HOST}:${port}/jwks`]],
  ['assertion', () => ['assertion']],
  ['run', () => ['run', folder.path('collection.json')]],
];

describe('where only a proxy knows the authorization server', () => {
  for (const [title, command] of COMMANDS) {
    it(`${title} goes through the proxy`, async () => {
      const { code, text } = await call({ HTTPS_PROXY: urlOf(proxy) }, command());
      assert.equal(code, 0, text);
      assert.deepEqual([...new Set(proxy.asked)], [`${HOST}:${port}`]);
      const user = Buffer.from(`me:${PASSWORD}`).toString('base64');
      assert.deepEqual([...new Set(proxy.authorizations)], [`Basic ${user}`]);
      // The transport certificate reaches the server through the connection.
      for (const subject of subjects) assert.equal(subject, 'transport.dc-demo.example.my');
      if (title.startsWith('check')) {
        const way = `with the transport certificate, through the proxy http://127.0.0.1:${proxy.port} (HTTPS_PROXY)`;
        assert.equal(text.includes(way), true, text);
      }
    });
  }

  it('the explanation of a refusal comes through the proxy', async () => {
    isRefusing = true;
    const { code, text } = await call({ HTTPS_PROXY: urlOf(proxy) }, ['run', folder.path('collection.json')]);
    assert.equal(code, 1, text);
    assert.match(text, /answered 401 invalid_client[\s\S]*methods private_key_jwt, tls_client_auth; algorithms PS256/);
  });

  it('each spelling of the variables that Newman knows serves, the capitals first', async () => {
    for (const [variables, name] of [
      [{ https_proxy: urlOf(proxy) }, 'https_proxy'],
      [{ HTTP_PROXY: urlOf(proxy) }, 'HTTP_PROXY'],
      [{ http_proxy: urlOf(proxy) }, 'http_proxy'],
      [{ HTTPS_PROXY: urlOf(proxy), https_proxy: 'http://127.0.0.1:1' }, 'HTTPS_PROXY'],
    ] as const) {
      const { code, text } = await call(variables, ['check']);
      assert.equal(code, 0, text);
      assert.equal(text.includes(`(${name})`), true, text);
    }
  });
});

describe('plain HTTP to this machine', () => {
  it('goes to the proxy of HTTP_PROXY in absolute form, by run as by the other commands', async () => {
    const recorder = await startRecorder();
    const url = 'http://127.0.0.1:1/.well-known/openid-configuration';
    const item = [{ name: 'get', request: { method: 'GET', url } }];
    const collection = folder.write('get.json', { info: { name: 'x', schema: 'v2.1.0' }, item });
    await withVariables({ HTTP_PROXY: recorder.origin }, async () => {
      assert.equal((await send(url, { ca: [] })).status, 200);
      assert.equal((await runCommand(['run', collection])).code, 0);
    });
    assert.deepEqual(
      recorder.requests.map(one => [one.url, one.headers.host]),
      [
        [url, '127.0.0.1:1'],
        [url, '127.0.0.1:1'],
      ],
    );
    await recorder.close();
  });

  it('is not sent by run where it would be the question to a signing agent, which no proxy may see', async () => {
    const agent = `http://127.0.0.1:1/${'x'.repeat(43)}`;
    const run = ['run', folder.path('collection.json'), '--env-var', `signing_agent=${agent}`];
    await withVariables({ HTTP_PROXY: urlOf(proxy) }, async () => {
      const { code, stderr } = await runCommand(run);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error: "signing_agent" is on this machine, and the proxy .* \(HTTP_PROXY\) .*to NO_PROXY\.$/m,
      );
    });
    await withVariables({ HTTP_PROXY: urlOf(proxy), NO_PROXY: '127.0.0.1' }, async () => {
      assert.doesNotMatch((await runCommand(run)).stderr, /is on this machine/);
    });
    assert.deepEqual(proxy.asked, []);
  });
});

describe('where NO_PROXY names the authorization server', () => {
  for (const [title, command] of COMMANDS.filter(([title]) => !title.includes('--'))) {
    it(`${title} goes beside the proxy`, async () => {
      const variables = { HTTPS_PROXY: urlOf(proxy), NO_PROXY: `other.test,localhost:${port}` };
      const { code, text } = await call(variables, command(), 'localhost');
      assert.equal(code, 0, text);
      assert.deepEqual(proxy.asked, []);
      if (title.startsWith('check')) assert.match(text, /with the transport certificate, directly, NO_PROXY$/m);
    });
  }
});

describe('a proxy that opens no connection is named as the cause', () => {
  const end = (text: string) => (socket: import('node:net').Socket) => socket.end(text);
  const faults: [
    title: string,
    start: () => Promise<Pick<ProxyServer, 'port'> & { close?: () => Promise<void> }>,
    RegExp,
  ][] = [
    ['refuses with 407', () => startProxy('', end('HTTP/1.1 407 No\r\n\r\n')), /does not accept this user/],
    [
      'refuses with 403',
      () => startProxy('', end('HTTP/1.1 403 No\r\n\r\n')),
      /refused the connection with status 403/,
    ],
    ['is not there', async () => ({ port: 1 }), /cannot be reached \(ECONNREFUSED\)/],
    [
      'answers with a page',
      () => startProxy('', end('HTTP/1.1 200 OK\r\n\r\n<html>')),
      /answered with something else|proxy http/,
    ],
    [
      'ends without an answer',
      () => startProxy('', socket => socket.destroy()),
      /ended the connection without an answer/,
    ],
  ];
  for (const [title, start, words] of faults) {
    it(`where it ${title}`, async () => {
      const faulty = await start();
      // Newman's client has two kinds of fault for all that a proxy does.
      const run = /403|not there/.test(title) ? [['run', folder.path('collection.json')]] : [];
      for (const command of [['check'], ['assertion'], ...run]) {
        const { code, text } = await call({ HTTPS_PROXY: urlOf(faulty) }, command);
        assert.equal(code, 1);
        const plain = text.replace(/\s+/g, ' ');
        assert.match(plain, words, command[0]);
        assert.equal(plain.includes(`the proxy http://127.0.0.1:${faulty.port} (HTTPS_PROXY)`), true, plain);
      }
      await faulty.close?.();
    });
  }

  it('where its variable is no URL', async () => {
    for (const command of [['check'], ['assertion'], ['run', folder.path('collection.json')]]) {
      const { code, text } = await call({ HTTPS_PROXY: `me:${PASSWORD}@proxy:3128` }, command);
      assert.equal(code, 1);
      assert.match(text, /"HTTPS_PROXY" must be the URL of a proxy, as http:\/\/proxy:3128, got another text/);
    }
  });
});
