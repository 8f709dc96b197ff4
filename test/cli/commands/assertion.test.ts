// The command `assertion`: an assertion that others verify, in the form of a JWS and in words, and how it refuses.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyExportOptions } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { compactVerify, type JWK } from 'jose';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { createCredentials } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand, type Surroundings } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder, settingsOf, toEnvironment } from '../../support/workplace.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const noTerminal = spawnSync('script', ['--version']).stdout?.includes('util-linux')
  ? false
  : "util-linux's script is not installed on this machine";

type Variables = Record<string, string | undefined>;

let server: AuthorizationServer;
let fapi: AuthorizationServer;
let files: CredentialFiles;
let folder: Folder;
let key: string;

before(async () => {
  const credentials = await createCredentials();
  [server, fapi] = await Promise.all([
    startAuthorizationServer({ audience: 'token_endpoint', credentials }),
    startAuthorizationServer({ audience: 'issuer', credentials }),
  ]);
  files = writeCredentialFiles(credentials);
  key = credentials.signingKey.privateKey;
  folder = createFolder();
  folder.write('key.pem', key);
});
after(async () => {
  folder.remove();
  files.remove();
  await Promise.all([server.close(), fapi.close()]);
});
beforeEach(() => {
  for (const one of [server, fapi]) for (const record of [one.requests, one.verified, one.refusals]) record.length = 0;
});

const environmentOf = (change: Variables = {}, at = server) =>
  folder.write('environment.json', toEnvironment({ ...settingsOf(at), ...change }));
const assertion = (args: string[], surroundings?: Surroundings) => runCommand(['assertion', ...args], surroundings);
/** Prints an assertion with the key from its file, and takes it apart with jose. */
const verified = async (change: Variables = {}, args: string[] = [], at = server) => {
  const all = ['-e', environmentOf(change, at), '--signing-key', folder.path('key.pem')];
  const { code, stdout, stderr } = await assertion([...all, '--ssl-extra-ca-certs', files.ca, ...args]);
  assert.equal(code, 0, stderr);
  return { stdout, ...(await verify(stdout)) };
};
const verify = async (stdout: string) => {
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'the assertion alone is printed, and a line end');
  const publicKey = createPublicKey(createPrivateKey(key)).export({ format: 'jwk' }) as JWK;
  const { payload, protectedHeader } = await compactVerify(stdout.trim(), { ...publicKey, alg: 'PS256' });
  return { header: protectedHeader, claims: JSON.parse(Buffer.from(payload).toString()) };
};

describe('paynet-client-auth assertion', () => {
  it('prints a compact JWS that jose verifies, with nothing else on either stream', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { header, claims } = await verified();
    const { client_id, kid } = server.clients.privateKeyJwt;
    assert.deepEqual(header, { alg: 'PS256', kid });
    const { iat, exp, jti, ...names } = claims;
    assert.deepEqual(names, { iss: client_id, sub: client_id, aud: server.endpoints.token_endpoint });
    assert.equal(iat >= before && iat <= Date.now() / 1000, true, `iat is ${iat}`);
    assert.equal(exp - iat, 600);
    assert.match(jti, UUID);
    assert.deepEqual(server.requests, [], 'nothing is sent where the variables say enough');
  });

  it('says in a process of its own how it went by the exit code, and what was wrong on stderr alone', async () => {
    const run = (...args: string[]) => execute(process.execPath, ['dist/cli.js', 'assertion', ...args]);
    const key = ['--signing-key', folder.path('key.pem')];
    const done = await run('-e', environmentOf(), ...key);
    assert.deepEqual([done.code, done.stderr], [0, '']);
    await verify(done.stdout);
    const failed = await run('-e', environmentOf({ kid: undefined }), ...key);
    assert.deepEqual([failed.code, failed.stdout], [1, '']);
    assert.match(failed.stderr, /^error: "kid" must be [^\n]+\n$/);
    const misused = await run('--decode', '--curl');
    assert.deepEqual([misused.code, misused.stdout], [2, '']);
    assert.match(misused.stderr, /do not go together/);
  });

  it('prints another one at every call', async () => {
    const [one, other] = [await verified(), await verified()];
    assert.notEqual(one.claims.jti, other.claims.jti);
  });

  it('follows lifetime, clock_offset and values of the command line', async () => {
    const { claims } = await verified({ client_assertion_lifetime: '60', clock_offset: '-90' }, [
      '--env-var',
      'client_id=another',
    ]);
    assert.equal(claims.exp - claims.iat, 60);
    assert.equal(Math.abs(Date.now() / 1000 - 90 - claims.iat) < 10, true, `iat is ${claims.iat}`);
    assert.equal(claims.sub, 'another');
  });

  it('takes the audience of the metadata when token_endpoint is not set', async () => {
    const { claims } = await verified({ token_endpoint: undefined });
    assert.equal(claims.aud, server.endpoints.token_endpoint);
    assert.deepEqual(
      server.requests.map(({ port, path }) => [port, path]),
      [['issuer', '/.well-known/openid-configuration']],
    );
  });

  it('takes the issuer as audience without asking the server', async () => {
    const { claims } = await verified({ token_endpoint: undefined, client_assertion_audience: 'issuer' }, [], fapi);
    assert.equal(claims.aud, fapi.issuer);
    assert.deepEqual(fapi.requests, []);
  });

  it('takes the kid of a JWK from standard input', async () => {
    const jwk = { ...createPrivateKey(key).export({ format: 'jwk' }), kid: 'of the jwk' };
    const args = ['-e', environmentOf({ kid: undefined }), '--signing-key', '-'];
    const { code, stdout, stderr } = await assertion(args, { input: JSON.stringify(jwk) });
    assert.equal(code, 0, stderr);
    assert.equal((await verify(stdout)).header.kid, 'of the jwk');
  });

  it('opens an encrypted key with SIGNING_KEY_PASSPHRASE, and names a wrong or missing one', async () => {
    const passphrase = 'correct horse battery staple';
    const pem = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const args = ['-e', environmentOf(), '--signing-key', folder.write('encrypted.pem', String(pem))];
    const { code, stdout, stderr } = await assertion(args, { env: { SIGNING_KEY_PASSPHRASE: passphrase } });
    assert.equal(code, 0, stderr);
    await verify(stdout);
    for (const [env, says] of [
      [{ SIGNING_KEY_PASSPHRASE: 'another one' }, /does not open with this passphrase/],
      [{}, /is encrypted\. Set SIGNING_KEY_PASSPHRASE/],
    ] as const) {
      const refused = await assertion(args, { env });
      assert.deepEqual([refused.code, refused.stdout], [1, '']);
      assert.match(refused.stderr, says);
      assert.equal(refused.stderr.includes('another one'), false, 'the passphrase is shown');
    }
  });

  const passphrase = 'correct horse battery staple';
  const toEncrypted = (type: 'pkcs8' | 'pkcs1', cipher = 'aes-256-cbc') =>
    String(createPrivateKey(key).export({ type, format: 'pem', cipher, passphrase } as KeyExportOptions<'pem'>));
  const disguises: Record<string, (pem: string) => string> = {
    'as it is': pem => pem,
    'in one line': pem => pem.replace(/\n+/g, ' '),
    'without line breaks': pem => pem.replace(/\n/g, ''),
    'with its line breaks escaped, in quotes': pem => JSON.stringify(pem),
    'with the line breaks of Windows': pem => pem.replace(/\n/g, '\r\n'),
    'in Base64': pem => Buffer.from(pem).toString('base64'),
    'behind its certificate': pem => readFileSync(files.cert, 'utf8') + pem,
  };
  for (const [title, disguise] of Object.entries(disguises)) {
    it(`opens an encrypted key ${title}`, async () => {
      for (const pem of [toEncrypted('pkcs8'), toEncrypted('pkcs1'), toEncrypted('pkcs1', 'des-ede3-cbc')]) {
        const args = ['-e', environmentOf(), '--signing-key', folder.write('disguised.pem', disguise(pem))];
        const { code, stdout, stderr } = await assertion(args, { env: { SIGNING_KEY_PASSPHRASE: passphrase } });
        assert.deepEqual([code, stderr], [0, ''], pem.slice(0, 30));
        await verify(stdout);
      }
    });
  }

  describe('at a terminal', { skip: noTerminal }, () => {
    /** Answers the question for the passphrase. */
    const answer = (keys: string) =>
      new Promise<{ code: number | null; shown: string }>((resolve, reject) => {
        const args = ['-e', environmentOf(), '--signing-key', folder.write('encrypted.pem', toEncrypted('pkcs8'))];
        const words = [process.execPath, 'dist/cli.js', 'assertion', ...args].map(
          word => `'${word.replace(/'/g, `'\\''`)}'`,
        );
        const child = spawn('script', ['-qec', words.join(' '), '/dev/null'], { stdio: 'pipe' });
        let shown = '';
        child.stdout.on('data', chunk => {
          if (!shown.includes(': ') && `${shown}${chunk}`.includes(': ')) child.stdin.write(keys);
          shown += chunk;
        });
        child.on('error', reject);
        child.on('close', code => resolve({ code, shown }));
      });

    it('asks for the passphrase, and does not show it', async () => {
      const { code, shown } = await answer(`${passphrase}\r`);
      assert.equal(code, 0, shown);
      assert.match(shown, /^Passphrase of .*encrypted\.pem: \r\n[\w-]+\.[\w-]+\.[\w-]+\r\n$/);
    });

    for (const [title, keys] of [
      ['Ctrl-D', '\u0004'],
      ['Ctrl-C', '\u0003'],
    ] as const) {
      it(`says what to do and exits with 1 when ${title} is the answer`, async () => {
        const { code, shown } = await answer(keys);
        assert.match(shown, /: \r\nerror: .* is encrypted\. Set SIGNING_KEY_PASSPHRASE to its passphrase\.\r\n$/);
        assert.equal(code, 1);
      });
    }
  });

  const faults: [string, Variables, string[], RegExp][] = [
    ['a client without client_id', { client_id: undefined }, [], /"client_id" must be .* got nothing/],
    ['a client without kid', { kid: undefined }, [], /"kid" must be the key ID in the registered JWKS, got nothing/],
    [
      'a certificate in the place of the key',
      {},
      ['cert'],
      /"signing_key" \(.*\) must be an RSA private key .*, got a certificate/,
    ],
    ['a lifetime beyond 600 seconds', { client_assertion_lifetime: '601' }, [], /"client_assertion_lifetime" must be/],
    [
      'tls_client_auth',
      { token_endpoint_auth_method: 'tls_client_auth' },
      [],
      /There is no assertion with tls_client_auth/,
    ],
    ['an audience that nothing gives', { token_endpoint: undefined, issuer: undefined }, [], /Set it, or set "issuer"/],
  ];
  for (const [title, change, [asKey], says] of faults) {
    it(`refuses ${title}, and exits with 1`, async () => {
      const args = ['-e', environmentOf(change), '--signing-key', asKey ? files.cert : folder.path('key.pem')];
      const { code, stdout, stderr } = await assertion(args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, says);
    });
  }

  it('takes a reference for the key on the command line, and says that the vault is in the app', async () => {
    const { code, stderr } = await assertion(['-e', environmentOf(), '--env-var', 'signing_key={{vault:mykey}}']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\{\{vault:mykey\}\}: the vault is in the Postman app\. Give the key with --signing-key <file>\./,
    );
  });

  const wrong: [string, string[], RegExp][] = [
    ['an unknown option', ['--bogus'], /unknown option '--bogus'/],
    ['an argument', ['collection.json'], /too many arguments/],
    ['--decode with --curl', ['--decode', '--curl'], /do not go together/],
    ['a given assertion with --curl', ['--curl', '--decode', 'a.b.c'], /do not go together/],
    ['an --env-var without a value', ['--env-var', 'client_id'], /--env-var takes name=value/],
    ['the key as a variable on the command line', ['--env-var', 'signing_key=x'], /Use --signing-key <file>/],
    ['a key behind a reference', ['--env-var', 'signing_key={{a}}x'], /Use --signing-key <file>/],
    ['a certificate without its key', ['--ssl-client-cert', 'README.md'], /go together/],
    ['an option without its value', ['--signing-key'], /argument missing/],
  ];
  for (const [title, args, says] of wrong) {
    it(`refuses ${title}, and exits with 2`, async () => {
      const { code, stdout, stderr } = await assertion(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, says);
    });
  }

  it('does not repeat a key that was put on the command line under another name', async () => {
    const jwk = JSON.stringify(createPrivateKey(key).export({ format: 'jwk' }));
    for (const secret of [key, jwk]) {
      const args = ['-e', environmentOf({ signing_key: '{{other}}' }), '--env-var', `other=${secret}`];
      const { code, stdout, stderr } = await assertion([...args, '--curl']);
      assert.equal(holdsPartOf(stdout + stderr, [secret]), false, 'a key is shown');
      assert.equal(code, 2);
      assert.match(stderr, /Use --signing-key <file>/);
    }
  });

  it('shows header, claims and times of a new one, and calls it well formed', async () => {
    const { client_id, kid } = server.clients.privateKeyJwt;
    const args = ['-e', environmentOf(), '--signing-key', folder.path('key.pem'), '--decode'];
    const { code, stdout, stderr } = await assertion(args);
    assert.deepEqual([code, stderr], [0, '']);
    const time = String.raw`\d{10} {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z,`;
    const lines = [
      'header',
      '  alg  PS256',
      `  kid  ${kid}`,
      'claims',
      `  iss  ${client_id}`,
      `  sub  ${client_id}`,
      `  aud  ${server.endpoints.token_endpoint}`,
      new RegExp(`^ {2}iat {2}${time} (in 0 s|\\d s ago)$`),
      new RegExp(`^ {2}exp {2}${time} in (600|59\\d) s$`),
      /^ {2}jti {2}[\da-f-]{36}$/,
      'signature',
      '  256 bytes, not verified here',
      'well formed',
      '',
    ];
    const shown = stdout.split('\n');
    assert.equal(shown.length, lines.length, stdout);
    for (const [index, line] of lines.entries()) {
      if (typeof line === 'string') assert.equal(shown[index], line);
      else assert.match(shown[index] ?? '', line);
    }
  });

  it('takes one that was printed before, with a line end behind it', async () => {
    const { stdout: printed, claims } = await verified();
    const { code, stdout } = await assertion(['--decode', printed]);
    assert.equal(code, 0);
    assert.match(stdout, /\nwell formed\n$/);
    assert.equal(stdout.includes(`  jti  ${claims.jti}\n`), true, stdout);
  });
});
