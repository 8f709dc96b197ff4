// The commands with their real limits, each in a process of its own: whatever a server or a proxy does at any point, the process ends
// in time with 1, and says why. Prints the table of times and last words.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCredentials, type KeyedCertificate } from '../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { execute } from '../support/execute.ts';
import { FAULTS, type Fault, type FaultyServer, startFaulty } from '../support/faulty-servers.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../support/workplace.ts';

type Name = keyof typeof FAULTS;
const NAMES = Object.keys(FAULTS) as Name[];

let folder: Folder;
let files: CredentialFiles;
let certificate: KeyedCertificate;
const servers: FaultyServer[] = [];
const rows: { command: string; place: string; fault: string; seconds: string; words: string }[] = [];

before(async () => {
  const credentials = await createCredentials();
  files = writeCredentialFiles(credentials);
  certificate = credentials.serverCertificate;
  folder = createFolder();
  folder.write('collection.json', tokenCollection());
  folder.write('key.pem', credentials.signingKey.privateKey);
});
after(async () => {
  for (const { command, place, fault, seconds, words } of rows) {
    console.log([command, place, fault, `${seconds} s`, words].join(' | '));
  }
  folder.remove();
  files.remove();
  await Promise.all(servers.map(server => server.close()));
});

const start = async (fault: Fault, of?: KeyedCertificate): Promise<number> => {
  const server = await startFaulty(fault, of);
  servers.push(server);
  return server.port;
};

/** Runs a command to its end, notes it down, and shows that it has ended in time. */
const show = async (
  command: string[],
  place: string,
  fault: string,
  limit: number,
  variables: Record<string, string>,
  env: Record<string, string> = {},
) => {
  const title = command.join(' ').replace(/\S*\/(?=collection)/, '');
  const environment = folder.write(
    `env-${rows.length}-${Math.random()}.json`,
    toEnvironment({ client_id: 'client', kid: 'kid', ...variables }),
  );
  const tls = ['--ssl-extra-ca-certs', files.ca, '--ssl-client-cert', files.cert, '--ssl-client-key', files.key];
  const args = [...command, '-e', environment, '--signing-key', folder.path('key.pem'), ...tls];
  const begin = performance.now();
  const noProxy = { HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', NO_PROXY: '', no_proxy: '' };
  const { code, stdout, stderr } = await execute('timeout', ['90', 'node', 'dist/cli.js', ...args], {
    env: { ...noProxy, ...env },
  });
  const seconds = (performance.now() - begin) / 1000;
  const lines = `${stdout}\n${stderr}`.split('\n').map(line => line.trim());
  const words =
    lines.find(line =>
      /cannot be reached|could not be reached|no whole answer|no answer within|got the error|is not HTTP|ended in the/.test(
        line,
      ),
    ) ??
    lines.at(-2) ??
    '';
  rows.push({ command: title, place, fault, seconds: seconds.toFixed(1), words: words.slice(0, 300) });
  assert.equal(code, 1, stderr);
  assert.ok(seconds < limit, `${seconds} s`);
};

const COMMANDS: [command: () => string[], limit: number][] = [
  [() => ['check'], 25],
  [() => ['assertion'], 15],
  [() => ['run', folder.path('collection.json'), '--color', 'off'], 35],
];

describe('the process ends in time', { concurrency: 5 }, () => {
  for (const [command, limit] of COMMANDS) {
    const name = command.toString().match(/'(\w+)'/)?.[1];
    for (const fault of NAMES) {
      it(`of ${name} where the server of the metadata ${fault}`, async () => {
        const issuer = `https://127.0.0.1:${await start(FAULTS[fault], certificate)}`;
        await show(command(), 'metadata', fault, limit, { issuer });
      });
    }
    it(`of ${name} where a server is silent in the TLS handshake`, async () => {
      const issuer = `https://127.0.0.1:${await start(FAULTS['is silent'])}`;
      await show(command(), 'TLS handshake', 'is silent', limit, { issuer });
    });
    for (const fault of NAMES.filter(one => !one.includes('body'))) {
      it(`of ${name} where the proxy ${fault}`, async () => {
        const HTTPS_PROXY = `http://127.0.0.1:${await start(FAULTS[fault])}`;
        await show(command(), 'proxy CONNECT', fault, limit, { issuer: 'https://as.proxied.test' }, { HTTPS_PROXY });
      });
    }
  }
  for (const fault of NAMES) {
    it(`of check where the server of the JWKS ${fault}`, async () => {
      const port = await start(FAULTS[fault], certificate);
      await show(['check', '--jwks', `https://127.0.0.1:${port}/jwks`], 'JWKS', fault, 25, {
        token_endpoint: 'https://127.0.0.1:1/',
      });
    });
    for (const [command, limit] of [
      [() => ['check', '--live'], 30],
      [() => ['run', folder.path('collection.json'), '--color', 'off'], 50],
    ] as const) {
      it(`of ${command.toString().match(/'(\w+)'/)?.[1]} where the token endpoint ${fault}`, async () => {
        const port = await start(FAULTS[fault], certificate);
        await show(command(), 'token endpoint', fault, limit, { token_endpoint: `https://127.0.0.1:${port}/token` });
      });
    }
  }
});
