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
  const writeEnvironment = (changes: Record<string, string> = {}) => {
    const path = join(scratch, 'environment.json');
    writeFileSync(path, JSON.stringify({ ...environmentOf(changes), name: 'A server of my own' }));
    return path;
  };
  /** Runs the collection in this process, and gives whether all passed and what is printed. */
  const run = async (changes: Record<string, string>, tls: Partial<Parameters<typeof runCollection>[0]>) => {
    const { formatStep } = createReport(false);
    const lines: string[] = [];
    const collection = JSON.parse(readFileSync(join(root, 'collections/paynet.postman_collection.json'), 'utf8'));
    const onStep = (step: Step) => lines.push(formatStep(step));
    const { passed } = await runCollection({ collection, environment: environmentOf(changes), onStep, ...tls });
    return { passed, shown: lines.join('\n') };
  };
  const tlsArguments = () => [
    `--ssl-client-cert=${files.cert}`,
    `--ssl-client-key=${files.key}`,
    `--ssl-extra-ca-certs=${files.ca}`,
  ];

  test('runs the collection once against its server and exits 0', async () => {
    const seen = server.verified.length;
    const { exitCode, stdout, stderr } = await runMain([writeEnvironment(), ...tlsArguments()]);
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(stdout, /A server of my own/);
    assert.equal(stdout.match(/^ {2}ok /gm)?.length, 10);
    assert.equal(server.verified.length, seen + 6);
  });

  test('exits 1 and shows each failure with its message when the server refuses', async () => {
    const { exitCode, stdout } = await runMain([writeEnvironment({ kid: 'unknown' }), ...tlsArguments()]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /FAIL {2}Client credentials grant +401/);
    assert.match(stdout, /the token endpoint answers 200: invalid_client: client authentication failed: expected 401/);
    assert.doesNotMatch(stdout, /eyJ|PRIVATE KEY/);
  });

  test('sends nothing to the endpoints when a variable is missing, and says so', async () => {
    const seen = server.requests.filter(({ port }) => port === 'mtls').length;
    const tls = { clientCert: files.cert, clientKey: files.key, extraCaCerts: files.ca };
    const { passed, shown } = await run({ client_id: '' }, tls);
    assert.equal(passed, false);
    assert.match(shown, /client authentication: "client_id" must be/);
    assert.match(shown, /an access token is there: "access_token" is not set/);
    assert.equal(server.requests.filter(({ port }) => port === 'mtls').length, seen);
  });

  test('fails when no transport certificate is given, or its server cannot be trusted', async () => {
    const trusting = await run({}, { extraCaCerts: files.ca });
    assert.equal(trusting.passed, false);
    assert.match(trusting.shown, /FAIL {2}Client credentials grant +-/);
    const distrusting = await run({}, {});
    assert.equal(distrusting.passed, false);
    assert.match(distrusting.shown, /FAIL {2}Well-known endpoint +-/);
  });
});

describe('npm start with wrong arguments', () => {
  const file = (name: string, text: string) => {
    const path = join(scratch, name);
    writeFileSync(path, text);
    return path;
  };

  test('names an environment that does not exist, is not JSON or is no environment, and exits 1', async () => {
    const cases: [string, RegExp][] = [
      [join(scratch, 'absent.json'), /absent\.json" does not exist/],
      [file('text.json', 'signing_key=secret'), /text\.json" must be JSON/],
      [file('list.json', '[]'), /list\.json" must be a Postman environment/],
    ];
    for (const [path, message] of cases) {
      const { exitCode, stderr } = await runMain([path]);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at |secret/);
    }
  });

  test('names a certificate file that does not exist and exits 1', async () => {
    const environment = file('empty.json', '{"values":[]}');
    const { exitCode, stderr } = await runMain([environment, '--ssl-client-cert=absent.pem']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /--ssl-client-cert: "absent\.pem" does not exist/);
  });

  test('shows how it is used and exits 2', async () => {
    for (const args of [['--insecure'], ['one.json', 'two.json']]) {
      const { exitCode, stderr } = await runMain(args);
      assert.equal(exitCode, 2);
      assert.match(stderr, /npm start -- <environment\.json>/);
    }
  });

  test('shows how it is used and exits 0 when asked', async () => {
    const { exitCode, stdout } = await runMain(['--help']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /npm start -- <environment\.json>/);
  });
});
