// `--sign-command`: what a command gets and gives, what is said of one that does not sign PS256, and that its signatures are
// verified before they are used, by the commands and the library alike.

import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createSignCommand as createCommandKey } from '../../../src/cli/client/sign-command.ts';
import { createClientAssertion } from '../../../src/library/index.ts';
import { runCommand } from '../../support/command-line.ts';
import { createRsaKey, toJwk, toPkcs8, toPublicPem } from '../../support/keys.ts';
import { isSigned } from '../../support/ps256.ts';
import { createSignCommand } from '../../support/sign-command.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

const [key, other] = [createRsaKey(), createRsaKey()];
const pem = toPublicPem(key.privateKey);
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const ecPem = ec.export({ type: 'spki', format: 'pem' }).toString();
const { d: _, ...publicJwk } = toJwk(key.privateKey) as Record<string, unknown>;
const settings = { client_id: 'client-1', kid: 'key-1', token_endpoint: 'https://as.example.my/token' };

let folder: Folder;
let command: ReturnType<typeof createSignCommand>;
let client: string[];

before(() => {
  folder = createFolder();
  command = createSignCommand(folder, key.privateKey);
  folder.write('public.pem', pem);
  folder.write('other.pem', toPublicPem(other.privateKey));
  const { n, e, kty } = key.publicKey.export({ format: 'jwk' });
  folder.write('jwks.json', {
    keys: [
      { kid: 'old', kty: 'RSA' },
      { n, e, kty, kid: 'key-1' },
    ],
  });
  client = ['-e', folder.write('env.json', toEnvironment(settings))];
});
after(() => folder.remove());

const assertion = (...args: string[]) => runCommand(['assertion', ...client, ...args]);
const verify = (jwt: string) => {
  const [header, claims, signature = ''] = jwt.trim().split('.');
  return isSigned(`${header}.${claims}`, signature, key.privateKey);
};

describe('a command that signs', () => {
  it('gets the digest, or the message; what it gives is verified by a public key or a JWKS', async () => {
    for (const args of [
      ['--sign-command', command(), '--public-key', folder.path('public.pem')],
      ['--sign-command', command('message'), '--sign-command-input', 'message', '--jwks', folder.path('jwks.json')],
      ['--sign-command', command()],
    ]) {
      const { code, stdout, stderr } = await assertion(...args);
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
      assert.equal(verify(stdout), true, args.join(' '));
    }
  });

  it('that gives no signature by PS256 is told what it gives instead', async () => {
    const withKey = ['--public-key', folder.path('public.pem')];
    const cases: [says: RegExp, args: string[]][] = [
      [
        /got one by PKCS #1 v1\.5\./,
        ['--sign-command', command('pkcs1'), '--sign-command-input', 'message', ...withKey],
      ],
      [
        /got one with another length of the salt than 32 bytes\./,
        ['--sign-command', command('digest', 20), ...withKey],
      ],
      [
        /got one of the digest of the digest: give --sign-command-input message\./,
        ['--sign-command', command('message'), ...withKey],
      ],
      [
        /got one that does not verify: another key/,
        ['--sign-command', command(), '--public-key', folder.path('other.pem')],
      ],
      [/got 344 characters of text\. Decode it, with "\| base64 -d"/, ['--sign-command', `${command()} | base64 -w0`]],
      [
        /got 512 characters of text\. Decode it, with "\| xxd/,
        ['--sign-command', `${command()} | od -An -v -tx1 | tr -d ' \\n'`],
      ],
      [/got 0 bytes\. RSA with 2048 bits gives 256\./, ['--sign-command', 'true']],
      [/ended with exit code 3\. Run it by itself/, ['--sign-command', 'cat > /dev/null; exit 3']],
      [
        /got 256 bytes, where the public key has 384/,
        [
          '--sign-command',
          command(),
          '--public-key',
          folder.write('3072.pem', toPublicPem(createRsaKey(3072).privateKey)),
        ],
      ],
    ];
    for (const [says, args] of cases) {
      const { code, stdout, stderr } = await assertion(...args);
      assert.deepEqual([code, stdout], [1, ''], args.join(' '));
      assert.match(stderr, says);
    }
  });

  it('has its time and no more, also where it takes no notice of a signal', () => {
    const { key: signs } = createCommandKey('trap "" TERM; sleep 2; true', 'digest', undefined, 200);
    assert.throws(() => signs.sign('text'), { message: /^--sign-command did not end within 0\.2 s\./ });
  });

  it('stands alone: no other key beside it, and its other options not without it', async () => {
    const env = (more: object) => folder.write('more.json', toEnvironment({ ...settings, ...more }));
    const cases: [says: RegExp, code: number, args: string[]][] = [
      [
        /--sign-command and --signing-key do not go together\./,
        2,
        ['--sign-command', 'x', '--signing-key', folder.path('hsm.pem')],
      ],
      [/--sign-command must be a command, got nothing\./, 2, ['--sign-command', ' ']],
      [
        /the public key must be an RSA key of 2048 bits or more, got one of the type ec\./,
        1,
        ['--sign-command', 'x', '--public-key', folder.write('ec.pem', ecPem)],
      ],
      [/--public-key is for --sign-command\./, 2, ['--public-key', folder.path('public.pem')]],
      [/--jwks is for --sign-command\./, 2, ['--jwks', folder.path('jwks.json')]],
      [/--jwks must be a file here, got a URL\./, 2, ['--sign-command', 'x', '--jwks', 'https://as.example.my/jwks']],
      [
        /--jwks must have public keys alone, got a private one\./,
        1,
        ['--sign-command', 'x', '--jwks', folder.write('private.json', { keys: [{ kid: 'key-1', d: 'x' }] })],
      ],
      [/--sign-command-input is for --sign-command\./, 2, ['--sign-command-input', 'message']],
      [
        /"signing_key" must be unset where --sign-command signs\./,
        1,
        ['--sign-command', 'x', '-e', env({ signing_key: toPkcs8(other.privateKey) })],
      ],
      [
        /got a private one\. Give that with --signing-key\./,
        1,
        ['--sign-command', 'x', '--public-key', folder.path('hsm.pem')],
      ],
      [
        /env\.json: the public key must be an RSA key of 2048 bits or more, got a file without one\./,
        1,
        ['--sign-command', 'x', '--public-key', folder.path('env.json')],
      ],
      [
        /--jwks must have one key with the kid "key-1", got 0\./,
        1,
        ['--sign-command', 'x', '--jwks', folder.write('none.json', { keys: [] })],
      ],
    ];
    for (const [says, code, args] of cases) {
      const result = await assertion(...args);
      assert.match(result.stderr, says);
      assert.equal(result.code, code, result.stderr);
    }
  });

  it('takes the place of the signing key that the config file names', async () => {
    const config = folder.write('paynet-client-auth.json', { environment: 'env.json', signingKey: 'none.pem' });
    const { code, stdout, stderr } = await runCommand(['assertion', '--config', config, '--sign-command', command()]);
    assert.equal(code, 0, stderr);
    assert.equal(verify(stdout), true);
  });

  it('is run once by check, which compares its public key with the JWKS', async () => {
    const lines = async (...args: string[]) =>
      JSON.parse((await runCommand(['check', ...client, '--json', ...args])).stdout) as { code: string }[];
    const codes = async (...args: string[]) => (await lines(...args)).map(({ code }) => code);
    const jwks = ['--jwks', folder.path('jwks.json')];
    assert.deepEqual(
      (await codes('--sign-command', command(), ...jwks)).filter(code => /sign|jwks|assertion/.test(code)),
      ['sign_command_valid', 'assertion_made', 'jwks_key_registered'],
    );
    const unverified = await codes('--sign-command', command());
    assert.equal(unverified.includes('sign_command_not_verified'), true);
    const failed = await codes('--sign-command', 'false');
    assert.deepEqual(
      failed.filter(code => /sign|assertion/.test(code)),
      ['sign_command_failed', 'assertion_not_checked'],
    );
  });

  it('signs for the library too', () => {
    const options = { clientId: 'client-1', kid: 'key-1', audience: settings.token_endpoint, signCommand: command() };
    for (const publicKey of [pem, createPublicKey(pem), publicJwk, undefined]) {
      assert.equal(verify(createClientAssertion({ ...options, ...(publicKey && { publicKey }) }).assertion), true);
    }
    const fails = (change: object, code: string, message: RegExp) =>
      assert.throws(() => createClientAssertion({ ...options, ...change }), { name: 'ClientAuthError', code, message });
    fails({ signCommand: '' }, 'option_invalid', /^"signCommand" must be a command, got nothing/);
    fails({ publicKey: other.publicKey }, 'signature_invalid', /^"signCommand" must sign with RSA-PSS/);
    fails(
      { signingKey: toPkcs8(key.privateKey) },
      'option_invalid',
      /"signingKey" must be left out beside signCommand/,
    );
    fails(
      { signCommand: undefined, publicKey: pem },
      'option_invalid',
      /"publicKey" must be left out without signCommand/,
    );
    fails({ signCommandInput: 'hash' }, 'option_invalid', /"signCommandInput" must be digest or message/);
  });

  it('has a JWKS made of its public key, with the thumbprint as kid', async () => {
    const of = async (...args: string[]) => runCommand(['jwks', ...args]);
    const made = await of('--public-key', folder.path('public.pem'));
    assert.equal(made.stdout, (await of('--signing-key', folder.path('hsm.pem'))).stdout);
    const refused = await of('--public-key', folder.path('hsm.pem'));
    assert.match(refused.stderr, /must be a public key, got a private one/);
    assert.equal((await of('new', '--public-key', folder.path('public.pem'))).code, 2);
  });
});
