// `npm start` as a newcomer meets it: its output, its exit codes, and that it leaves nothing behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { createReport } from '../../src/demo/report.ts';
import { runCollection, type Step } from '../../src/demo/run-collection.ts';
import { toEndOfStart } from '../pictures/outputs.ts';
import { readPicture, toComparable } from '../pictures/terminal.ts';
import { toEnvironment } from '../support/workplace.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let scratch: string;
before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'demo-test-'));
});
after(() => rmSync(scratch, { recursive: true, force: true }));

const leftovers = () => readdirSync(scratch).filter(name => name.startsWith('paynet-client-auth-'));

type Result = { exitCode: number | null; stdout: string; stderr: string };

/** Runs the demo with a temporary directory of its own; `onOutput` may end it early. */
function runMain(args: string[] = [], onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void) {
  return new Promise<Result>(resolve => {
    const child = spawn(process.execPath, ['build/run.js', 'src/demo/main.ts', ...args], {
      cwd: root,
      env: { ...process.env, TMPDIR: scratch, FORCE_COLOR: undefined },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', chunk => {
      stdout += chunk;
      onOutput?.(stdout, signal => child.kill(signal));
    });
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    child.on('close', exitCode => resolve({ exitCode, stdout, stderr }));
  });
}

describe('npm start without arguments', () => {
  test('shows three runs accepted at every endpoint, exits 0 and leaves no file', async () => {
    const { exitCode, stdout, stderr } = await runMain();
    assert.equal(exitCode, 0, stdout + stderr);
    const rows = stdout.split('\n').filter(line => /^│ [\w ,]+│ (accepted|answered) /.test(line));
    assert.deepEqual(
      rows.map(row => row.split('│')[1]?.trim()),
      [
        'client credentials',
        'PAR, request object',
        'authorization code',
        'refresh token',
        'introspection',
        'revocation',
        'API, bound token',
      ],
    );
    for (const row of rows) assert.equal(row.match(/accepted|answered/g)?.length, 3, row);
    assert.match(stdout, /aud +https:\/\/127\.0\.0\.1:\d+\/token /);
    assert.match(stdout, /aud +https:\/\/127\.0\.0\.1:\d+ /);
    assert.equal(stdout.match(/jti +6 different/g)?.length, 2);
    assert.equal(stdout.match(/request object +signed by the client, PS256/g)?.length, 3);
    const widest = Math.max(...stdout.split('\n').flatMap(line => (line.startsWith('│') ? [line.length] : [])));
    assert.equal(widest <= 80, true, `the table is ${widest} columns wide`);
    assert.equal(stdout.match(/certificate +CN=/g)?.length, 3);
    assert.equal(stderr, '');
    assert.deepEqual(leftovers(), []);
    assert.doesNotMatch(stdout, /PRIVATE KEY|eyJ/);
    const picture = readPicture(readFileSync(join(root, 'docs/pictures/start.svg'), 'utf8'));
    assert.equal(toComparable(picture), toComparable(toEndOfStart(stdout)), '"npm run pictures" draws it anew');
    assert.ok(!stdout.includes('\u001b'), 'colour where there is no terminal');
  });

  test('removes its files when it is interrupted, and says so with its exit code', async () => {
    let modes: number[] = [];
    const { exitCode } = await runMain([], (text, kill) => {
      const [directory] = leftovers();
      if (!text.includes('Well-known endpoint') || directory === undefined) return;
      modes = readdirSync(join(scratch, directory)).map(name => statSync(join(scratch, directory, name)).mode & 0o777);
      kill('SIGINT');
    });
    assert.equal(exitCode, 130);
    assert.deepEqual(modes, [0o600, 0o600, 0o600]);
    assert.deepEqual(leftovers(), []);
  });
});

describe('npm start with an environment', () => {
  let server: AuthorizationServer;
  let files: CredentialFiles;

  before(async () => {
    server = await startAuthorizationServer({ audience: 'issuer' });
    files = writeCredentialFiles(server.credentials);
  });
  after(async () => {
    files.remove();
    await server.close();
  });

  const environmentOf = (changes: Record<string, string> = {}) => {
    const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
    return toEnvironment({
      issuer: server.issuer,
      client_id,
      kid,
      signing_key: signingKey,
      client_assertion_audience: 'issuer',
      redirect_uri: server.redirectUri,
      resource_server_url: server.resourceServerUrl,
      ...changes,
    });
  };

  test('is the command run of our collection, with its options and its verdict', async () => {
    const seen = server.verified.length;
    const environment = join(scratch, 'environment.json');
    writeFileSync(environment, JSON.stringify(environmentOf()));
    const tls = ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, '--ssl-extra-ca-certs', files.ca];
    const folders = ['Client', 'Consent', 'Token'].flatMap(name => ['--folder', name]);
    const { exitCode, stdout, stderr } = await runMain([environment, ...tls, ...folders]);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /Token revocation/);
    assert.match(stderr, /^6 of 6 requests authenticated, (\d+) of \1 tests passed\n$/);
    assert.equal(server.verified.length, seen + 6);
  });

  test('gives the usage error of run for an option that it has not, and exits 2', async () => {
    const { exitCode, stderr } = await runMain([join(scratch, 'environment.json'), '--insecure']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /unknown option "--insecure"/);
  });
});

describe('a step of the demo', () => {
  test('is a failure without a status when its request was not sent, though its script got an answer', async () => {
    const server = await startAuthorizationServer({ audience: 'issuer' });
    const files = writeCredentialFiles(server.credentials);
    const collection = JSON.parse(readFileSync(join(root, 'collections/paynet.postman_collection.json'), 'utf8'));
    const steps = new Map<string, Step>();
    const { passed } = await runCollection({
      collection: {
        ...collection,
        item: [
          ...collection.item,
          {
            name: 'Skipped',
            request: { method: 'GET', url: server.issuer },
            event: [{ listen: 'prerequest', script: { exec: ['pm.execution.skipRequest();'] } }],
          },
        ],
      },
      environment: toEnvironment({ issuer: server.issuer }),
      clientCert: files.cert,
      clientKey: files.key,
      extraCaCerts: files.ca,
      onStep: step => steps.set(step.name, step),
    });
    files.remove();
    await server.close();
    assert.equal(passed, false);
    const { formatStep } = createReport(false);
    const shown = (name: string) => formatStep(steps.get(name) as Step);
    assert.match(shown('Client credentials grant'), /FAIL {2}Client credentials grant +- [\s\S]*"client_id" must be/);
    assert.match(shown('Skipped'), /FAIL {2}Skipped +- [\s\S]*the request was not sent/);
  });
});

describe('npm start with wrong arguments', () => {
  test('shows how it is used, and exits 2; or 0 when asked', async () => {
    const { exitCode, stderr } = await runMain(['--folder', 'Client']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--folder: options go behind an environment file\.\n\nnpm start /);
    const asked = await runMain(['--help']);
    assert.equal(asked.exitCode, 0);
    assert.match(asked.stdout, /npm start -- <environment\.json>/);
  });
});
