// The command `assertion`: an assertion that others verify, in words, and as a cURL command that the authorization server
// accepts when a real shell and a real curl run it.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyExportOptions } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compactVerify, type JWK } from 'jose';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { createCredentials } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed on this machine';

const noTerminal = spawnSync('script', ['--version']).stdout?.includes('util-linux')
  ? false
  : "util-linux's script is not installed on this machine";

type Variables = Record<string, string | undefined>;

describe('paynet-client-auth assertion', () => {
  let server: AuthorizationServer;
  let fapi: AuthorizationServer;
  let files: CredentialFiles;
  let folder: string;
  let key: string;

  const path = (name: string) => join(folder, name);
  const write = (name: string, content: string) => {
    writeFileSync(path(name), content);
    return path(name);
  };

  before(async () => {
    const credentials = await createCredentials();
    [server, fapi] = await Promise.all([
      startAuthorizationServer({ audience: 'token_endpoint', credentials }),
      startAuthorizationServer({ audience: 'issuer', credentials }),
    ]);
    files = writeCredentialFiles(credentials);
    key = credentials.signingKey.privateKey;
    // A name that a shell would take apart.
    folder = join(mkdtempSync(join(tmpdir(), 'assertion-')), "the bank's $files");
    mkdirSync(folder);
    write('key.pem', key);
    mkdirSync(path('bin'));
    write('bin/paynet-client-auth', `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    chmodSync(path('bin/paynet-client-auth'), 0o755);
  });
  after(async () => {
    rmSync(join(folder, '..'), { recursive: true });
    files.remove();
    await Promise.all([server.close(), fapi.close()]);
  });
  beforeEach(() => {
    for (const one of [server, fapi])
      for (const record of [one.requests, one.verified, one.refusals]) record.length = 0;
  });

  const settingsOf = (at: AuthorizationServer): Variables => ({
    issuer: at.issuer,
    token_endpoint: at.endpoints.token_endpoint,
    client_id: at.clients.privateKeyJwt.client_id,
    kid: at.clients.privateKeyJwt.kid,
  });
  const environmentOf = (change: Variables = {}, at = server) => {
    const values = Object.entries({ ...settingsOf(at), ...change })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ key: name, value, enabled: true }));
    return write('environment.json', JSON.stringify({ name: 'environment', values }));
  };
  const assertion = (args: string[], options: { input?: string; env?: Record<string, string> } = {}) =>
    execute(process.execPath, [CLI, 'assertion', ...args], options);
  /** Prints an assertion with the key from its file, and takes it apart with jose. */
  const verified = async (change: Variables = {}, args: string[] = [], at = server) => {
    const all = ['-e', environmentOf(change, at), '--signing-key', path('key.pem'), '--ssl-extra-ca-certs', files.ca];
    const { code, stdout, stderr } = await assertion([...all, ...args]);
    assert.equal(code, 0, stderr);
    return { stdout, ...(await verify(stdout)) };
  };
  const verify = async (stdout: string) => {
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'the assertion alone is printed, and a line end');
    const publicKey = createPublicKey(createPrivateKey(key)).export({ format: 'jwk' }) as JWK;
    const { payload, protectedHeader } = await compactVerify(stdout.trim(), { ...publicKey, alg: 'PS256' });
    return { header: protectedHeader, claims: JSON.parse(Buffer.from(payload).toString()) };
  };

  describe('by itself', () => {
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
      assert.deepEqual(server.requests, [], 'nothing is sent where the variables tell enough');
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

    it('opens an encrypted key with SIGNING_KEY_PASSPHRASE, and reports a wrong or missing one', async () => {
      const passphrase = 'correct horse battery staple';
      const pem = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
      const args = ['-e', environmentOf(), '--signing-key', write('encrypted.pem', String(pem))];
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
          const args = ['-e', environmentOf(), '--signing-key', write('disguised.pem', disguise(pem))];
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
          const args = ['-e', environmentOf(), '--signing-key', write('encrypted.pem', toEncrypted('pkcs8'))];
          const words = [process.execPath, CLI, 'assertion', ...args].map(word => `'${word.replace(/'/g, `'\\''`)}'`);
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
        /"signing_key" must be an RSA private key .*, got a certificate/,
      ],
      [
        'a lifetime beyond 600 seconds',
        { client_assertion_lifetime: '601' },
        [],
        /"client_assertion_lifetime" must be/,
      ],
      [
        'tls_client_auth',
        { token_endpoint_auth_method: 'tls_client_auth' },
        [],
        /There is no assertion with tls_client_auth/,
      ],
      [
        'an audience that is not known',
        { token_endpoint: undefined, issuer: undefined },
        [],
        /Set it, or set "issuer"/,
      ],
    ];
    for (const [title, change, [asKey], says] of faults) {
      it(`refuses ${title}, and exits with 1`, async () => {
        const args = ['-e', environmentOf(change), '--signing-key', asKey ? files.cert : path('key.pem')];
        const { code, stdout, stderr } = await assertion(args);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, says);
      });
    }

    const wrong: [string, string[], RegExp][] = [
      ['an unknown option', ['--bogus'], /unknown option '--bogus'/],
      ['an argument', ['collection.json'], /too many arguments/],
      ['--decode with --curl', ['--decode', '--curl'], /do not go together/],
      ['a given assertion with --curl', ['--curl', '--decode', 'a.b.c'], /do not go together/],
      ['an --env-var without a value', ['--env-var', 'client_id'], /--env-var takes name=value/],
      ['the key as a variable on the command line', ['--env-var', 'signing_key=x'], /Use --signing-key <file>/],
      ['a certificate without its key', ['--ssl-client-cert', 'cert.pem'], /go together/],
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
        assert.equal(holdsPartOf(stdout + stderr, secret), false, 'a key is shown');
        assert.equal(code, 2);
        assert.match(stderr, /Use --signing-key <file>/);
      }
    });
  });

  describe('in words', () => {
    it('shows header, claims and times of a new one, and calls it well formed', async () => {
      const { client_id, kid } = server.clients.privateKeyJwt;
      const args = ['-e', environmentOf(), '--signing-key', path('key.pem'), '--decode'];
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

    it('accepts one that was printed before, with a line break after it', async () => {
      const { stdout: printed, claims } = await verified();
      const { code, stdout } = await assertion(['--decode', printed]);
      assert.equal(code, 0);
      assert.match(stdout, /\nwell formed\n$/);
      assert.equal(stdout.includes(`  jti  ${claims.jti}\n`), true, stdout);
    });

    const now = Math.floor(Date.now() / 1000);
    const header = { alg: 'PS256', kid: 'k1' };
    const claims = {
      iss: 'client',
      sub: 'client',
      aud: 'https://as.example.my/token',
      iat: now,
      exp: now + 600,
      jti: '3f1b6c1e-8f0a-4c7b-9a55-0d9b2b8f6e11',
    };
    const encode = (part: unknown) =>
      Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
    const signature = Buffer.alloc(256, 7).toString('base64url');
    const jws = (change: { header?: object; claims?: object; signature?: string } = {}) =>
      [
        encode({ ...header, ...change.header }),
        encode({ ...claims, ...change.claims }),
        change.signature ?? signature,
      ].join('.');

    it('calls one well formed that has no fault', async () => {
      const { code, stdout } = await assertion(['--decode', jws()]);
      assert.equal(code, 0, stdout);
    });

    it('accepts typ and a past nbf, as servers do, and says that typ is not needed', async () => {
      const { code, stdout } = await assertion(['--decode', jws({ header: { typ: 'JWT' }, claims: { nbf: now } })]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /\nwell formed\nnote: "typ" is not needed; .*\n$/);
    });

    const faulty: [string, string, RegExp][] = [
      ['no iss', jws({ claims: { iss: undefined } }), /"iss" must be the client_id, got nothing/],
      ['an empty iss', jws({ claims: { iss: '', sub: '' } }), /"iss" must be the client_id, got ""/],
      ['another sub', jws({ claims: { sub: 'other' } }), /"sub" must be equal to "iss", got "other"/],
      ['no sub', jws({ claims: { sub: undefined } }), /"sub" must be equal to "iss", got nothing/],
      ['RS256', jws({ header: { alg: 'RS256' } }), /"alg" must be PS256, got "RS256"/],
      ['alg none', jws({ header: { alg: 'none' }, signature: '' }), /"alg" must be PS256, got "none"/],
      ['no alg', jws({ header: { alg: undefined } }), /"alg" must be PS256, got nothing/],
      ['no kid', jws({ header: { kid: undefined } }), /"kid" must be the key ID in the registered JWKS, got nothing/],
      ['an empty kid', jws({ header: { kid: '' } }), /"kid" must be the key ID in the registered JWKS, got ""/],
      ['no signature', jws({ signature: '' }), /The signature is missing, or not base64url/],
      [
        'the signature of a key of 1024 bits',
        jws({ signature: Buffer.alloc(128, 7).toString('base64url') }),
        /A signature of PS256 has 256 bytes or more, this has 128/,
      ],
      ['an array as aud', jws({ claims: { aud: [claims.aud] } }), /"aud" must be one string, got an array/],
      ['no aud', jws({ claims: { aud: undefined } }), /"aud" must be one string, got nothing/],
      ['no jti', jws({ claims: { jti: undefined } }), /"jti" must be a UUIDv4, got nothing/],
      ['a jti that is not a UUID', jws({ claims: { jti: '1' } }), /"jti" must be a UUIDv4, got other text/],
      [
        'a UUID of version 1 as jti',
        jws({ claims: { jti: '3f1b6c1e-8f0a-1c7b-9a55-0d9b2b8f6e11' } }),
        /"jti" must be a UUIDv4, got other text/,
      ],
      [
        'an iat with a fraction',
        jws({ claims: { iat: now + 0.5 } }),
        /"iat" must be whole seconds since 1970, got \d+\.5/,
      ],
      ['no iat', jws({ claims: { iat: undefined } }), /"iat" must be whole seconds since 1970, got nothing/],
      [
        'an exp as text',
        jws({ claims: { exp: String(now + 600) } }),
        /"exp" must be whole seconds since 1970, got "\d+"/,
      ],
      [
        'milliseconds',
        jws({ claims: { iat: now * 1000, exp: (now + 600) * 1000 } }),
        /"iat" is in milliseconds; it must be in seconds/,
      ],
      [
        'a lifetime of 601 seconds',
        jws({ claims: { exp: now + 601 } }),
        /"exp" must be 1 to 600 seconds after "iat", got 601/,
      ],
      ['a lifetime of 0 seconds', jws({ claims: { iat: now + 9, exp: now + 9 } }), /"exp" must be 1 to 600 .*, got 0/],
      ['an exp in the past', jws({ claims: { iat: now - 900, exp: now - 300 } }), /It expired 3\d\d seconds ago/],
      [
        'an iat far in the future',
        jws({ claims: { iat: now + 300, exp: now + 600 } }),
        /It was made [23]\d\d seconds in the future/,
      ],
      ...['crit', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'b64', 'cty', 'zip'].map(
        (name): [string, string, RegExp] => [
          `${name} in its header`,
          jws({ header: { [name]: name === 'b64' ? false : 'x' } }),
          new RegExp(`"${name}" must not be in the header, which has only "alg" and "kid"`),
        ],
      ),
      ['a typ that is not text', jws({ header: { typ: 1 } }), /"typ" must be text or missing, got 1/],
      [
        'an nbf in the future',
        jws({ claims: { nbf: now + 500 } }),
        /It is not valid before (4\d\d|500) seconds from now/,
      ],
      ['an nbf as text', jws({ claims: { nbf: String(now) } }), /"nbf" must be whole seconds since 1970, got "\d+"/],
      ['an nbf in milliseconds', jws({ claims: { nbf: now * 1000 } }), /"nbf" is in milliseconds/],
      ['a space as aud', jws({ claims: { aud: ' ' } }), /"aud" must be one string, got " "/],
      ['a space as kid', jws({ header: { kid: ' ' } }), /"kid" must be .*, got " "/],
      ['a space after iss', jws({ claims: { iss: 'c ', sub: 'c ' } }), /"iss" must be the client_id, got "c "/],
      [
        'alg twice',
        `${encode('{"alg":"none","kid":"k","\\u0061lg":"PS256"}')}.${encode(claims)}.${signature}`,
        /"alg" is in the header more than once/,
      ],
      [
        'aud twice',
        `${encode(header)}.${encode(JSON.stringify(claims).replace('{', ' {"aud":"x",'))}.${signature}`,
        /"aud" is in the claims more than once/,
      ],
      [
        'a kid that is not UTF-8',
        `${Buffer.from('{"alg":"PS256","kid":"k\xff"}', 'latin1').toString('base64url')}.${encode(claims)}.${signature}`,
        /The header is not UTF-8/,
      ],
      [
        'an iss that is not UTF-8',
        `${encode(header)}.${Buffer.from(JSON.stringify({ ...claims, iss: '\xfc', sub: '\xfc' }), 'latin1').toString('base64url')}.${signature}`,
        /The claims are not UTF-8/,
      ],
      ['two parts', jws().replace(/\.[^.]*$/, ''), /three parts with dots between them, this has 2/],
      ['four parts', `${jws()}.e30`, /three parts with dots between them, this has 4/],
      ['nothing', '', /three parts with dots between them, this has 1/],
      [
        'padding',
        `${encode({ ...header, kid: 'k' })}==.${jws().split('.').slice(1).join('.')}`,
        /The header is not a JSON object/,
      ],
      ['whitespace in a part', jws().replace('.', '.\n'), /The claims are not a JSON object in base64url/],
      [
        'a signature in plain Base64',
        jws({ signature: `+/${signature.slice(2)}` }),
        /The signature is missing, or not base64url/,
      ],
      [
        'a header that is not JSON',
        `${encode('nothing')}.${encode(claims)}.${signature}`,
        /The header is not a JSON object/,
      ],
      ['claims that are an array', `${encode(header)}.${encode([1])}.${signature}`, /The claims are not a JSON object/],
    ];
    for (const [title, jwt, says] of faulty) {
      it(`calls one with ${title} not well formed, says why, and exits with 1`, async () => {
        const { code, stdout, stderr } = await assertion(['--decode', jwt]);
        assert.equal(code, 1);
        const verdict = stdout.split('\nnot well formed\n')[1] ?? '';
        assert.match(verdict, says, stdout);
        assert.equal(stderr, 'error: the assertion is not well formed.\n');
      });
    }

    it('names every fault of one that has many', async () => {
      const { stdout } = await assertion([
        '--decode',
        jws({ header: { alg: 'RS256', kid: '' }, claims: { aud: [], jti: 'x', sub: 'other', exp: now + 900 } }),
      ]);
      const [, verdict = ''] = stdout.split('\nnot well formed\n');
      assert.equal(verdict.trimEnd().split('\n').length, 6, verdict);
    });

    it('shows nothing that could forge a line of the terminal', async () => {
      const { stdout } = await assertion(['--decode', jws({ claims: { iss: 'a\nwell formed\u001b[2J', 'x\ny': 1 } })]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to look for
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|^well formed|^y/m);
    });
  });

  describe('as a cURL command', () => {
    const client = (change: Variables = {}, at = server) => [
      ...['-e', environmentOf(change, at), '--signing-key', path('key.pem'), '--ssl-extra-ca-certs', files.ca],
      ...['--ssl-client-cert', files.cert, '--ssl-client-key', files.key],
    ];
    const byCertificate = (at = server) => ({
      client_id: at.clients.tlsClientAuth.client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      kid: undefined,
    });
    const printed = async (args: string[]) => {
      const { code, stdout, stderr } = await assertion([...args, '--curl']);
      assert.deepEqual([code, stderr], [0, '']);
      return stdout;
    };
    /** Runs the printed command in a shell that finds this command line by its name. */
    const inShell = async (command: string, variables: Record<string, string> = {}) => {
      const env = { ...variables, PATH: `${path('bin')}${delimiter}${process.env.PATH}` };
      const { code, stdout, stderr } = await execute('sh', ['-c', command.replace(/^curl /, 'curl -sS -m 20 ')], {
        env,
      });
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };

    for (const [title, change, isFapi] of [
      ['private_key_jwt', {}, false],
      ['private_key_jwt and the issuer as audience', { client_assertion_audience: 'issuer' }, true],
      ['private_key_jwt and the token endpoint of the metadata', { token_endpoint: undefined }, false],
      ['tls_client_auth', 'certificate', false],
      ['tls_client_auth and the token endpoint of the metadata', 'certificate by discovery', false],
    ] as const) {
      it(`is accepted by the server with ${title}`, { skip: noCurl }, async () => {
        const at = isFapi ? fapi : server;
        const variables: Variables =
          typeof change === 'object'
            ? change
            : { ...byCertificate(at), ...(change === 'certificate' ? {} : { token_endpoint: undefined }) };
        const answer = await inShell(await printed(client(variables, at)));
        assert.equal(typeof answer.access_token, 'string', JSON.stringify(at.refusals));
        assert.deepEqual(
          at.verified.map(({ endpoint, method }) => [endpoint, method]),
          [['token_endpoint', title.replace(/ .*/, '')]],
        );
        assert.equal(at.verified[0]?.aud, title.startsWith('private_key_jwt') ? at.audience : undefined);
      });
    }

    it('is accepted with the values of --env-var, quoted for the shell', { skip: noCurl }, async () => {
      const { client_id = '' } = settingsOf(server);
      const change = { client_id: '{{a $(name)}}' };
      const answer = await inShell(await printed([...client(change), '--env-var', `a $(name)=${client_id}`]));
      assert.equal(typeof answer.access_token, 'string', JSON.stringify(server.refusals));
    });

    it('makes a new assertion at every call of the shell', { skip: noCurl }, async () => {
      const command = await printed(client());
      await inShell(command);
      await inShell(command);
      assert.equal(new Set(server.verified.map(({ jti }) => jti)).size, 2);
    });

    it('holds names of files, and no secret', async () => {
      for (const change of [{}, byCertificate()]) {
        const passphrase = 'correct horse battery staple';
        const command = await printed([
          ...client({ ...change, signing_key: key }),
          '--ssl-client-passphrase',
          passphrase,
        ]);
        for (const secret of [key, readFileSync(files.key, 'utf8'), passphrase]) {
          assert.equal(holdsPartOf(command, secret), false, 'a secret is shown');
        }
        assert.equal(command.includes(passphrase), false, 'the passphrase is shown');
        assert.doesNotMatch(command, /ey[\w-]{20,}\./, 'an assertion is shown');
        for (const file of [files.cert, files.key, files.ca]) assert.equal(command.includes(file), true, file);
      }
    });

    it('is accepted with files that have colons and backslashes in their names', { skip: noCurl }, async () => {
      for (const [name, change] of [
        ['a:b.pem', {}],
        ['\\a\\:b c:d.pem', byCertificate()],
      ] as const) {
        const cert = write(name, readFileSync(files.cert, 'utf8'));
        const tls = [
          '--ssl-client-cert',
          cert,
          '--ssl-client-key',
          write(`key ${name}`, readFileSync(files.key, 'utf8')),
        ];
        const answer = await inShell(await printed([...client(change), ...tls]));
        assert.equal(typeof answer.access_token, 'string', name);
      }
    });

    it('replaces a secret of --env-var by a variable of the shell', { skip: noCurl }, async () => {
      const secrets = { client_secret: 'hunter2', 'my-Password': 'x', other: `Bearer ${'t'.repeat(40)}` };
      const pairs = Object.entries(secrets).flatMap(([name, value]) => ['--env-var', `${name}=${value}`]);
      const command = await printed([...client(), ...pairs]);
      for (const secret of Object.values(secrets))
        assert.equal(command.includes(`=${secret}`), false, 'a secret is shown');
      const shown =
        '--env-var client_secret="$CLIENT_SECRET" --env-var my-Password="$MY_PASSWORD" --env-var other="$OTHER"';
      assert.equal(command.includes(shown), true, command);
      const answer = await inShell(command.replace('client_secret=', 'client_id={{client}} --env-var client='), {
        CLIENT_SECRET: settingsOf(server).client_id ?? '',
      });
      assert.equal(typeof answer.access_token, 'string', JSON.stringify(server.refusals));
    });

    it('has no assertion in it with tls_client_auth', async () => {
      const command = await printed(client(byCertificate()));
      assert.doesNotMatch(command, /assertion/);
      assert.match(command, /--data-urlencode client_id=/);
    });

    it('has names to replace where no certificate is given', async () => {
      const command = await printed(['-e', environmentOf(), '--signing-key', path('key.pem')]);
      assert.match(command, /--cert transport-certificate\.pem \\\n {2}--key transport-key\.pem/);
    });

    it('is not made for a token endpoint that no assertion may go to', async () => {
      for (const token_endpoint of ['http://as.example.my/token', '--output=x', 'https://u:p@as.example.my/token']) {
        for (const change of [{}, byCertificate()]) {
          const { code, stdout, stderr } = await assertion([...client({ ...change, token_endpoint }), '--curl']);
          assert.deepEqual([code, stdout], [1, ''], token_endpoint);
          assert.match(stderr, /"token_endpoint" must be an https URL/);
        }
      }
    });
  });
});
