// The command `agent`: what it prints, what it signs with, and how it ends; as a command and as a process of its own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Result, runCommand, type Surroundings } from '../../support/command-line.ts';
import { createRsaKey, leaks, toJwk, toPkcs8 } from '../../support/keys.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const AUD = 'https://as.example.my/token';
const { privateKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const passphrase = 'a passphrase';
const encrypted = createPrivateKey(pem).export({
  ...({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' } as const),
  passphrase,
}) as string;

/** Asks an agent for an assertion. */
const ask = async (url: string, change: object = {}) => {
  const request = { client_id: 'client-1', kid: '', lifetime: 60, clock_offset: 0, drafts: [{ claims: { aud: AUD } }] };
  const response = await fetch(url.trim(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...request, ...change }),
  });
  return (await response.json()) as { kid: string; jwts?: { jwt: string }[]; error?: string };
};

let folder: Folder;
before(() => {
  folder = createFolder();
  folder.write('key.pem', pem);
  folder.write('encrypted.pem', encrypted);
  folder.write('key.jwk', { ...toJwk(privateKey), kid: 'of-jwk' });
});
after(() => folder.remove());

/** Runs the command, asks meanwhile, and shows that no key and no secret path is in what it says. */
const run = async (args: string[], change: object = {}, surroundings: Surroundings = {}) => {
  let answer: Awaited<ReturnType<typeof ask>> | undefined;
  let limit: number | undefined;
  const result: Result = await runCommand(['agent', ...args], {
    ...surroundings,
    meanwhile: async (stdout, milliseconds) => {
      limit = milliseconds;
      answer = await ask(stdout, change);
    },
  });
  const url = result.stdout.trim();
  assert.equal(leaks(result.stdout + result.stderr, pem), false, 'the key is shown');
  if (url) assert.equal(result.stderr.includes(url.slice(-43)), false, 'the path is in the log');
  return { ...result, url, answer, limit };
};

describe('agent', () => {
  it('prints its URL alone, logs a line with the time for each signature, and listens no longer than it runs', async () => {
    const { code, stdout, stderr, url, answer, limit } = await run([
      '--signing-key',
      folder.path('key.pem'),
      '--kid',
      'key-1',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\n$/);
    assert.deepEqual([answer?.kid, answer?.jwts?.length, limit], ['key-1', 1, undefined]);
    const [first, signed, last] = stderr.trimEnd().split('\n');
    assert.match(first ?? '', /^Set the variable signing_agent to this URL\./);
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
    assert.match(
      signed ?? '',
      new RegExp(`^${time} signed client assertion: client_id="client-1" aud=${AUD} jti=[\\da-f-]{36}$`),
    );
    assert.equal(last, 'The signing agent has ended.');
    await assert.rejects(fetch(url), /fetch failed/);
  });

  it('takes the key from standard input, its ID from a JWK, and opens an encrypted one once', async () => {
    const jwk = readFileSync(folder.path('key.jwk'), 'utf8');
    assert.equal((await run(['--signing-key', '-'], {}, { input: jwk })).answer?.kid, 'of-jwk');
    const { answer, code } = await run(
      ['--signing-key', folder.path('encrypted.pem'), '--for', '8h'],
      { kid: 'key-2' },
      { env: { SIGNING_KEY_PASSPHRASE: passphrase } },
    );
    assert.deepEqual([code, answer?.kid], [0, 'key-2']);
  });

  it('ends by itself after the time that it is given', async () => {
    for (const [time, milliseconds] of [
      ['1s', 1000],
      ['30m', 1_800_000],
      ['8h', 28_800_000],
    ] as const) {
      const { limit } = await run(['--signing-key', folder.path('key.pem'), '--for', time]);
      assert.equal(limit, milliseconds);
    }
  });

  it('signs for the client and the audiences that it is given, and says so to the others', async () => {
    const args = [
      '--signing-key',
      folder.path('key.jwk'),
      '--client-id',
      'client-1',
      '--audience',
      AUD,
      '--audience',
      'https://b.my',
    ];
    assert.equal((await run(args)).answer?.jwts?.length, 1);
    const { answer, stderr } = await run(args, { client_id: 'client-2' });
    assert.match(answer?.error ?? '', /"client_id" must be client-1, as the signing agent has it/);
    assert.match(stderr, /\dZ refused: "client_id" must be client-1/);
    assert.match(
      (await run(args, { drafts: [{ claims: { aud: 'https://c.my' } }] })).answer?.error ?? '',
      /"aud" must be/,
    );
  });

  const faults: [what: string, args: () => string[], code: number, says: RegExp][] = [
    ['without a key', () => [], 2, /--signing-key is missing/],
    ['with a key that is not there', () => ['--signing-key', folder.path('none.pem')], 1, /none\.pem/],
    [
      'with a certificate in its place',
      () => ['--signing-key', folder.write('no.pem', 'x')],
      1,
      /"signing_key" \(\S+no\.pem\) must be/,
    ],
    [
      'with an encrypted key and no passphrase',
      () => ['--signing-key', folder.path('encrypted.pem')],
      1,
      /Set SIGNING_KEY_PASSPHRASE/,
    ],
    ['with a key ID that is none', () => ['--signing-key', folder.path('key.pem'), '--kid', '{}'], 1, /"kid" must be/],
    [
      'with an audience that is no URL',
      () => ['--signing-key', folder.path('key.pem'), '--audience', 'bank'],
      1,
      /"--audience" must be an https URL/,
    ],
    [
      'with a port that is none',
      () => ['--signing-key', folder.path('key.pem'), '--port', '65536'],
      2,
      /a number from 0 to 65535/,
    ],
    ['with a time that is none', () => ['--signing-key', folder.path('key.pem'), '--for', '8'], 2, /as in 30m or 8h/],
    ['with a time of no length', () => ['--signing-key', folder.path('key.pem'), '--for', '0s'], 2, /as in 30m or 8h/],
    [
      // A variable of the shell that is not set.
      'for a client without a name',
      () => ['--signing-key', folder.path('key.pem'), '--client-id', ''],
      2,
      /'--client-id <id>' argument '' is invalid\. It must not be empty/,
    ],
    [
      'with an empty kid',
      () => ['--signing-key', folder.path('key.pem'), '--kid', ' '],
      2,
      /'--kid <kid>' argument ' ' is invalid\. It must not be empty/,
    ],
    [
      'with a time that a timer cannot hold',
      () => ['--signing-key', folder.path('key.pem'), '--for', '597h'],
      2,
      /500h at most/,
    ],
  ];
  for (const [what, args, expected, says] of faults) {
    it(`does not start ${what}`, async () => {
      const { code, stdout, stderr } = await run(args());
      assert.deepEqual([code, stdout], [expected, '']);
      assert.match(stderr, says);
    });
  }
});

describe('agent as a process', () => {
  /** Starts it with the encrypted key on standard input, asks it, and waits for its end. */
  const live = async (args: string[], end: (child: ChildProcess) => void) => {
    const env = { ...process.env, SIGNING_KEY_PASSPHRASE: passphrase };
    const child = spawn(process.execPath, ['dist/cli.js', 'agent', '--signing-key', '-', '--kid', 'key-1', ...args], {
      env,
    });
    child.stdin.end(encrypted);
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal((await ask(line.toString())).jwts?.length, 1);
    end(child);
    const [code, signal] = await once(child, 'close');
    return { code, signal, stderr };
  };

  it('ends on Ctrl-C, on SIGTERM, and by itself, with code 0 and nothing left that keeps it', async () => {
    const ends = [
      live(['--for', '8h'], child => child.kill('SIGINT')),
      live([], child => child.kill('SIGTERM')),
      live(['--for', '1s'], () => undefined),
    ];
    for (const { code, signal, stderr } of await Promise.all(ends)) {
      assert.deepEqual([code, signal], [0, null]);
      assert.match(stderr, /signed client assertion: .*\nThe signing agent has ended\.\n$/s);
    }
  });

  it('signs on where nobody reads its log any more', async () => {
    const args = ['dist/cli.js', 'agent', '--signing-key', '-', '--kid', 'key-1'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.end(pem);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.stderr.destroy();
    for (const _ of [1, 2, 3]) assert.equal((await ask(line.toString())).jwts?.length, 1);
    child.kill();
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });
});
