// The command `init`: what it writes is enough for every other command, holds no key, and replaces nothing unasked; at a terminal it
// asks for what no option says.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { runCommand, type Surroundings } from '../../support/command-line.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

const ENVIRONMENT = 'paynet.postman_environment.json';
const CONFIG = 'paynet-client-auth.json';
const root = process.cwd();
const noTerminal = spawnSync('script', ['--version']).stdout?.includes('util-linux')
  ? false
  : "util-linux's script is not installed on this machine";

let server: AuthorizationServer;
let folder: Folder;

before(async () => {
  server = await startAuthorizationServer({ audience: 'token_endpoint' });
});
after(() => server.close());
beforeEach(() => {
  folder = createFolder();
  const { authority, signingKey, transportCertificate } = server.credentials;
  folder.write('signing.pem', signingKey.privateKey);
  folder.write('transport.pem', transportCertificate.cert);
  folder.write('transport.key', transportCertificate.key);
  folder.write('ca.pem', authority.cert);
  process.chdir(folder.path('.'));
});
afterEach(() => {
  process.chdir(root);
  folder.remove();
});

const read = (name: string) => readFileSync(name, 'utf8');
const init = async (args: string[], surroundings?: Surroundings) => {
  const result = await runCommand(['init', ...args], surroundings);
  const { signingKey, transportCertificate } = server.credentials;
  const written = readdirSync('.').filter(name => /json|gitignore/.test(name) && name !== 'private.json');
  const keys = [signingKey.privateKey, transportCertificate.key];
  for (const text of [result.stdout, result.stderr, ...written.map(read)]) {
    assert.equal(holdsPartOf(text, keys), false, 'a key is shown');
  }
  return result;
};
const allFlags = (change: Record<string, string | undefined> = {}) => {
  const { client_id, kid } = server.clients.privateKeyJwt;
  const flags = {
    '--client-id': client_id,
    '--issuer': server.issuer,
    '--signing-key': 'signing.pem',
    '--kid': kid,
    '--ssl-client-cert': 'transport.pem',
    '--ssl-client-key': 'transport.key',
    '--ssl-extra-ca-certs': 'ca.pem',
    ...change,
  };
  return Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
};

describe('init by options', () => {
  it('writes what check, token and jwks need, without a key, and ends with the lines of check and the next command', async () => {
    const { client_id, kid } = server.clients.privateKeyJwt;
    const { code, stdout, stderr } = await init(allFlags());
    assert.equal(code, 0, stderr);
    const names = ['variables', 'signing_key', 'kid', 'transport certificate', 'certificate validity'];
    for (const name of names) assert.match(stdout, new RegExp(`^ok {4}${name} `, 'm'));
    assert.doesNotMatch(stdout, /^(fail|skip)/m);
    assert.deepEqual(server.requests, [], 'nothing is sent');
    assert.deepEqual(stderr.split('\n'), [
      `${ENVIRONMENT}: written, without a key in it.`,
      `${CONFIG}: written. check, run, assertion, token, jwks and agent need no options here.`,
      '.gitignore: /signing.pem, /transport.key added.',
      `To print the JWKS to register: paynet-client-auth jwks --kid ${kid}`,
      'Next: paynet-client-auth check --live',
      '',
    ]);
    assert.deepEqual(
      JSON.parse(read(ENVIRONMENT)).values.map(({ key, value, type }: Record<string, string>) => [key, value, type]),
      [
        ['issuer', server.issuer, 'default'],
        ['client_id', client_id, 'default'],
        ['token_endpoint_auth_method', 'private_key_jwt', 'default'],
        ['kid', kid, 'default'],
        ['client_assertion_audience', 'token_endpoint', 'default'],
        ['signing_key', '', 'secret'],
      ],
    );
    assert.deepEqual(JSON.parse(read(CONFIG)), {
      environment: ENVIRONMENT,
      signingKey: 'signing.pem',
      sslClientCert: 'transport.pem',
      sslClientKey: 'transport.key',
      sslExtraCaCerts: 'ca.pem',
    });
    const check = await runCommand(['check', '--live']);
    assert.equal(check.code, 0, check.stdout);
    assert.match((await runCommand(['token'])).stdout, /^[\x21-\x7e]+\n$/);
    assert.equal(JSON.parse((await runCommand(['jwks'])).stdout).keys[0].alg, 'PS256');
  });

  it('takes the API and the redirect URI of another server, after which run needs no option', async () => {
    const { redirectUri, resourceServerUrl } = server;
    const { code, stderr } = await init([
      ...allFlags({ '--resource-server-url': resourceServerUrl, '--redirect-uri': redirectUri }),
    ]);
    assert.equal(code, 0, stderr);
    const run = await runCommand(['run']);
    assert.equal(run.code, 0, run.stdout);
    const { values } = JSON.parse(read(ENVIRONMENT));
    const variable = (name: string) => values.find(({ key }: { key: string }) => key === name)?.value;
    assert.deepEqual([variable('resource_server_url'), variable('redirect_uri')], [resourceServerUrl, redirectUri]);
    await init([...allFlags({ '--resource-server-url': '', '--redirect-uri': '' }), '--force']);
    assert.doesNotMatch(
      read(ENVIRONMENT),
      /resource_server_url|redirect_uri/,
      'an empty answer is that of the collection',
    );
  });

  it('sets up tls_client_auth without a signing key, or with one for request objects', async () => {
    const { client_id } = server.clients.tlsClientAuth;
    const change = { '--signing-key': undefined, '--kid': undefined, '--client-id': client_id };
    const { code, stderr } = await init(allFlags({ ...change, '--method': 'tls_client_auth' }));
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /jwks --kid/);
    assert.doesNotMatch(read(ENVIRONMENT) + read(CONFIG), /kid|signing/);
    assert.equal(read('.gitignore'), '/transport.key\n');
    assert.match((await runCommand(['token'])).stdout, /^[\x21-\x7e]+\n$/);

    const withKey = ['--signing-key', 'signing.pem', '--method', 'tls_client_auth', '--force'];
    assert.match((await init([...allFlags(change), ...withKey])).stderr, /Give --kid\.$/m);
    await init([...allFlags(change), ...withKey, '--kid', 'k1']);
    assert.deepEqual(
      JSON.parse(read(ENVIRONMENT)).values.map(({ key }: { key: string }) => key),
      ['issuer', 'client_id', 'token_endpoint_auth_method', 'kid', 'signing_key'],
    );
    assert.equal(JSON.parse(read(CONFIG)).signingKey, 'signing.pem');
  });

  it('takes the kid of a JWK', async () => {
    const { privateKey } = server.credentials.signingKey;
    const { kid } = server.clients.privateKeyJwt;
    folder.write('private.json', { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid });
    const { code, stderr } = await init(allFlags({ '--kid': undefined, '--signing-key': 'private.json' }));
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(read(ENVIRONMENT)).values[3].value, kid);
  });

  it('names the options that are missing, and writes nothing', async () => {
    const cases: [string[], RegExp][] = [
      [[], /there is none\. Give --client-id, --issuer, --signing-key, --kid, --ssl-client-cert, --ssl-client-key\.$/m],
      [['--method', 'tls_client_auth'], /Give --client-id, --issuer, --ssl-client-cert, --ssl-client-key\.$/m],
      [allFlags({ '--kid': undefined }), /Give --kid\.$/m],
    ];
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await init(args);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, says);
    }
    assert.equal([ENVIRONMENT, CONFIG, '.gitignore'].some(existsSync), false);
  });

  it('refuses an answer that can not be right, and writes nothing', async () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ '--client-id': 'ä' }, /"client_id" must be/],
      [{ '--client-id': '' }, /got nothing\. Give the one that PayNet gave you\.$/m],
      [{ '--resource-server-url': 'rs.example.my' }, /"resource_server_url" must be an https URL/],
      [
        { '--resource-server-url': 'https://rs.example.my/' },
        /"resource_server_url" must be a base URL.* without "\/"/,
      ],
      [{ '--redirect-uri': 'https://a.example.my/#x' }, /"redirect_uri" must be an absolute URI without fragment/],
      [{ '--issuer': 'http://auth.example.my' }, /"issuer" must be an https URL/],
      [{ '--kid': '' }, /"kid" must be the key ID in the registered JWKS, got nothing/],
      [{ '--kid': server.credentials.signingKey.privateKey }, /"kid" must be/],
      [{ '--signing-key': 'transport.pem' }, /got a certificate/],
      [
        { '--signing-key': server.credentials.signingKey.privateKey },
        /^error: expected the path of a file, got \d+ characters of text/,
      ],
      [
        { '--ssl-client-cert': 'transport.key' },
        /transport\.key" must be a certificate in PEM, got a block "PRIVATE KEY"/,
      ],
      [{ '--ssl-client-key': 'transport.pem' }, /transport\.pem" must be a private key in PEM, got a block "CERTIF/],
      [{ '--ssl-client-key': 'gone.key' }, /^error: gone\.key: no such file/],
      [{ '--ssl-client-cert': '.' }, /is a directory, not a file/],
      [{ '--ssl-client-cert': 'transport.der' }, /needs PEM, got a certificate in DER\. Convert it: openssl x509/],
    ];
    folder.write('transport.der', new X509Certificate(read('transport.pem')).raw);
    for (const [change, says] of cases) {
      const { code, stdout, stderr } = await init(allFlags(change));
      assert.deepEqual([code !== 0, stdout], [true, '']);
      assert.match(stderr, says);
    }
    assert.equal([ENVIRONMENT, CONFIG, '.gitignore'].some(existsSync), false);
  });

  it('says what is wrong with files that do not fit, and exits with 1', async () => {
    const other = await server.credentials.authority.issueClientCertificate({
      commonName: 'x',
      organization: 'x',
      country: 'MY',
    });
    folder.write('other.key', other.key);
    const { code, stdout, stderr } = await init(allFlags({ '--ssl-client-key': 'other.key' }));
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^fail {2}transport certificate +"--ssl-client-key other\.key" must be the key of the first certificate/m,
    );
    assert.match(stderr, /\nerror: 1 of \d+ checks failed\. Correct that, then run: paynet-client-auth check\n$/);
  });

  it('opens an encrypted signing key before it writes anything', async () => {
    const passphrase = 'correct horse battery staple';
    const key = createPrivateKey(server.credentials.signingKey.privateKey);
    folder.write(
      'signing.pem',
      String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })),
    );
    assert.match((await init(allFlags())).stderr, /is encrypted\. Set SIGNING_KEY_PASSPHRASE/);
    assert.equal(existsSync(ENVIRONMENT), false);
    const { code, stdout } = await init(allFlags(), { env: { SIGNING_KEY_PASSPHRASE: passphrase } });
    assert.equal(code, 0);
    assert.match(stdout, /^ok {4}signing_key +RSA private key of 2048 bits/m);
  });

  it('replaces nothing without --force, and a file that it reads never', async () => {
    await init(allFlags());
    const before = [ENVIRONMENT, CONFIG, '.gitignore'].map(read);
    const again = await init(allFlags({ '--client-id': 'other' }));
    assert.deepEqual([again.code, again.stdout], [1, '']);
    assert.match(again.stderr, /^error: paynet\.postman_environment\.json: is there already\. .*--force/);
    assert.deepEqual([ENVIRONMENT, CONFIG, '.gitignore'].map(read), before);
    const forced = await init([...allFlags({ '--client-id': 'other' }), '--force']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.doesNotMatch(forced.stderr, /gitignore/);
    assert.match(read(ENVIRONMENT), /"other"/);
    assert.deepEqual(read('.gitignore'), before[2]);
    symlinkSync('signing.pem', 'link');
    for (const name of ['signing.pem', 'link', 'transport.pem', CONFIG]) {
      const { code, stderr } = await init([...allFlags(), '--out', name, '--force']);
      assert.equal(code, 2, name);
      assert.match(stderr, /would be written over .*\. Name another file\.\n$/);
    }
    assert.equal(read('signing.pem'), server.credentials.signingKey.privateKey);
  });

  it('appends to a .gitignore what it lacks, and leaves out files of other places', async () => {
    mkdirSync('keys and [certificates]');
    const inside = 'keys and [certificates]/transport.key';
    folder.write(inside, server.credentials.transportCertificate.key);
    folder.write('.gitignore', 'node_modules/\nsigning.pem');
    await init(allFlags({ '--ssl-client-key': inside }));
    assert.equal(read('.gitignore'), 'node_modules/\nsigning.pem\n/keys\\ and\\ \\[certificates]/transport.key\n');
    const elsewhere = createFolder();
    try {
      const key = elsewhere.write('signing.pem', server.credentials.signingKey.privateKey);
      const { code, stderr } = await init([
        ...allFlags({ '--signing-key': key, '--ssl-client-key': inside }),
        '--force',
      ]);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /gitignore/);
      assert.equal(JSON.parse(read(CONFIG)).signingKey, key);
    } finally {
      elsewhere.remove();
    }
  });

  it('writes YAML where a workspace of Postman v12 is, or where --out says so', async () => {
    const yaml = [
      'name: "PayNet"',
      'values:',
      '  - key: "issuer"',
      `    value: "${server.issuer}"`,
      '    type: "default"',
      '    enabled: true',
      '  - key: "client_id"',
    ].join('\n');
    await init([...allFlags(), '--out', 'new/sandbox.environment.yaml']);
    assert.equal(read('new/sandbox.environment.yaml').startsWith(yaml), true, read('new/sandbox.environment.yaml'));
    mkdirSync('.postman');
    folder.write('.postman/resources.yaml', 'x');
    const { code, stderr } = await init([...allFlags(), '--force']);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(read(CONFIG)).environment, 'postman/environments/paynet.environment.yaml');
    assert.equal(read('postman/environments/paynet.environment.yaml').startsWith(yaml), true);
    assert.equal(existsSync(ENVIRONMENT), false);
  });
});

describe('init at a terminal', () => {
  /** Answers each question, when it is shown, by keys. */
  const answer = (answers: [question: RegExp, keys: string][]) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const left = [...answers];
    let shown = '';
    output.on('data', chunk => {
      shown += stripVTControlCharacters(String(chunk));
      const [next] = left;
      if (!next?.[0].test(shown)) return;
      left.shift();
      shown = '';
      setImmediate(() => input.write(next[1]));
    });
    return { terminal: { input, output }, left };
  };
  const questions = (): [RegExp, string][] => [
    [/How does the client authenticate/, '\r'],
    [/client_id/, '\r'],
    [/PayNet\W+gave/, `${server.clients.privateKeyJwt.client_id}\r`],
    [/Issuer .*\n.*auth1\.sandbox\.mya\.ozoneapi\.io/, '\r'],
    [/redirect_uri, as it is registered/, '\r'],
    [/signing key/, 'transport.pem'],
    [/\/transport\.pem/, '\r'],
    [/got a certificate/, '\x7f'.repeat('transport.pem'.length)],
    [/\n/, 'signing.pem'],
    [/\/signing\.pem/, '\r'],
    [/kid: the key ID/, '\r'],
    [/transport certificate/, 'transport.key'],
    [/\/transport\.key/, '\r'],
    [/got a block "PRIVATE KEY"/, '\x7f'.repeat('key'.length)],
    [/\n/, 'pem'],
    [/\/transport\.pem/, '\r'],
    [/private key/, 'transport.key'],
    [/\/transport\.key/, '\r'],
  ];

  it('asks for each answer, with the sandbox and the thumbprint as suggestions, and shows a fault where it is', async () => {
    const { terminal, left } = answer(questions());
    const { code, stdout, stderr } = await init([], { terminal });
    assert.deepEqual(left, []);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ok {4}signing_key/m);
    const publicKey = createPublicKey(server.credentials.signingKey.privateKey).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint(publicKey as JWK);
    const { values } = JSON.parse(read(ENVIRONMENT));
    assert.deepEqual(
      values.slice(0, 4).map(({ value }: { value: string }) => value),
      ['https://auth1.sandbox.mya.ozoneapi.io', server.clients.privateKeyJwt.client_id, 'private_key_jwt', kid],
    );
    assert.equal(JSON.parse(read(CONFIG)).sslClientKey, 'transport.key', 'a path is relative to the config file');
  });

  it('asks only for what the options leave out, and before it replaces a file', async () => {
    await init(allFlags());
    const before = read(ENVIRONMENT);
    const flags = allFlags({ '--client-id': undefined });
    const no = answer([[/Replace paynet\.postman_environment\.json and/, '\r']]);
    const refused = await init(['--method', 'private_key_jwt', ...flags], { terminal: no.terminal });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is there already/);
    assert.equal(read(ENVIRONMENT), before);
    const yes = answer([
      [/Replace paynet/, 'y'],
      [/client_id/, 'other\r'],
      [/Base URL of the API/, 'https://rs.example.my\r'],
      [/redirect_uri, as/, '\r'],
    ]);
    const replaced = await init(['--method', 'private_key_jwt', ...flags], { terminal: yes.terminal });
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.match(read(ENVIRONMENT), /"other".*"https:\/\/rs\.example\.my"/s);
    assert.doesNotMatch(read(ENVIRONMENT), /redirect_uri/);
  });

  it('asks at a real terminal, on standard error, and ends with 1 on Ctrl-C', { skip: noTerminal }, async () => {
    const child = spawn('script', ['-qec', `'${process.execPath}' '${root}/dist/cli.js' init > out`, '/dev/null']);
    let shown = '';
    child.stdout.on('data', chunk => {
      if (!/authenticate/.test(shown) && /authenticate/.test(`${shown}${chunk}`)) child.stdin.write('\x03');
      shown += chunk;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 1, shown);
    assert.match(stripVTControlCharacters(shown), /private_key_jwt.*error: ended by you: nothing was written\./s);
    assert.equal(read('out'), '');
  });

  it('writes nothing when the user ends it', async () => {
    const { terminal } = answer([[/How does/, '\x03']]);
    const { code, stderr } = await init([], { terminal });
    assert.deepEqual([code, stderr], [1, 'error: ended by you: nothing was written.\n']);
    assert.equal([ENVIRONMENT, CONFIG, '.gitignore'].some(existsSync), false);
  });
});
