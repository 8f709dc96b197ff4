// A transport certificate in a PKCS #12 file, as it is: by every command, with its passphrase from where it may come, and presented in a
// real handshake, where it is the only credential.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import { createCertificateAuthority, transportSubject } from '../../../src/demo/certificates.ts';
import { runCommand, type Surroundings } from '../../support/command-line.ts';
import { createPkcs12, noOpenssl, openssl } from '../../support/pkcs12.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

const PASSPHRASE = 'buka sesame';
const withPassphrase = { env: { SSL_CLIENT_PASSPHRASE: PASSPHRASE } };
const root = process.cwd();

let server: AuthorizationServer;
let folder: Folder;
/** What no output may hold. */
let keys: string[];

before(async () => {
  server = await startAuthorizationServer({ audience: 'token_endpoint' });
  const { transportCertificate, signingKey } = server.credentials;
  keys = [transportCertificate.key, signingKey.privateKey];
});
after(() => server.close());
beforeEach(() => {
  const { authority, transportCertificate: pair, signingKey } = server.credentials;
  folder = createFolder();
  folder.write('client.p12', createPkcs12(pair, PASSPHRASE));
  folder.write('old.pfx', createPkcs12(pair, PASSPHRASE, [], ['-legacy']));
  folder.write('ca.pem', authority.cert);
  folder.write('client.key', pair.key);
  folder.write('client.pem', pair.cert);
  folder.write('signing.pem', signingKey.privateKey);
  folder.write('collection.json', tokenCollection());
  const client = { client_id: server.clients.tlsClientAuth.client_id, token_endpoint_auth_method: 'tls_client_auth' };
  folder.write('env.json', toEnvironment({ ...client, issuer: server.issuer, ...server.endpoints }));
  process.chdir(folder.path('.'));
  server.requests.length = 0;
});
afterEach(() => {
  process.chdir(root);
  folder.remove();
});

const call = async (args: string[], surroundings?: Surroundings) => {
  const result = await runCommand(args, surroundings);
  assert.equal(holdsPartOf(result.stdout + result.stderr, keys), false, 'a key is shown');
  assert.equal((result.stdout + result.stderr).includes(PASSPHRASE), false, 'the passphrase is shown');
  return result;
};
const TLS = ['--ssl-extra-ca-certs', 'ca.pem', '--ssl-client-cert'];
const CLIENT = ['-e', 'env.json', ...TLS];

describe('a transport certificate in PKCS #12', { skip: noOpenssl }, () => {
  it('is presented by token and check --live, old or new, with no other option', async () => {
    for (const file of ['client.p12', 'old.pfx']) {
      const { code, stderr } = await call(['token', ...CLIENT, file], withPassphrase);
      assert.deepEqual([code, stderr], [0, '']);
    }
    const check = await call(['check', '--live', ...CLIENT, 'client.p12'], withPassphrase);
    assert.match(check.stdout, /^ok {4}transport certificate +belongs to its key \(EC on prime256v1\)/m);
    assert.match(check.stdout, /^ok {4}connection .* with the transport certificate/m);
    assert.match(check.stdout, /^ok {4}.*tls_client_auth.* accepted/m);
  });

  it('is presented in the place of one that the collection names, and behind one of the list', async () => {
    const { item, ...rest } = tokenCollection() as { item: { request: object }[] };
    const certificate = {
      name: 'x',
      cert: { src: 'nowhere.pem', value: 'x' },
      key: { src: 'nowhere.key', value: 'x' },
    };
    const request = { ...item[0]?.request, certificate };
    folder.write('collection.json', { ...rest, item: [{ ...item[0], request }] });
    const run = ['run', 'collection.json', ...CLIENT, 'client.p12'];
    assert.equal((await call(run, withPassphrase)).code, 0);

    const entry = { name: 'list', matches: ['<all_urls>'], pfx: { src: 'client.p12' }, passphrase: PASSPHRASE };
    folder.write('list.json', [entry]);
    const stranger = await createCertificateAuthority();
    folder.write('stranger.p12', createPkcs12(await stranger.issueClientCertificate(transportSubject), PASSPHRASE));
    const args = ['run', 'collection.json', ...CLIENT, 'stranger.p12', '--ssl-client-cert-list', 'list.json'];
    const { code, stderr } = await call(args, withPassphrase);
    assert.equal(code, 0, stderr);
  });

  it('is presented by run, and stays out of what reporters write', async () => {
    const report = ['--reporters', 'cli,json', '--reporter-json-export', 'report.json', '--verbose'];
    const { code, stderr } = await call(['run', 'collection.json', ...CLIENT, 'old.pfx', ...report], withPassphrase);
    assert.deepEqual([code, stderr], [0, '1 of 1 request authenticated, no tests\n']);
    const text = readFileSync('report.json', 'utf8');
    assert.match(text, /client_id/);
    assert.doesNotMatch(text, /BEGIN CERTIFICATE|BEGIN PRIVATE/);
    assert.equal(holdsPartOf(text, keys), false);
    assert.equal(text.includes(PASSPHRASE), false);
  });

  it('takes its passphrase from an option, from a variable, or from the user', async () => {
    const asked: string[] = [];
    const answerSecret = (answer?: string) => (question: string) => {
      asked.push(question);
      return answer;
    };
    const token = (file: string, more: string[], surroundings: Surroundings) =>
      call(['token', ...CLIENT, file, ...more], surroundings);
    const byOption = ['--ssl-client-passphrase', PASSPHRASE];
    assert.equal((await token('client.p12', byOption, { env: { SSL_CLIENT_PASSPHRASE: 'x' } })).code, 0);
    assert.equal((await token('client.p12', [], { answerSecret: answerSecret(PASSPHRASE) })).code, 0);
    folder.write('open.p12', createPkcs12(server.credentials.transportCertificate, ''));
    assert.equal((await token('open.p12', [], { answerSecret: answerSecret('x') })).code, 0);
    assert.deepEqual(asked, ['Passphrase of client.p12: ']);

    for (const [more, surroundings, says] of [
      [[], {}, /^error: client\.p12: is encrypted\. Set SSL_CLIENT_PASSPHRASE to its passphrase\.\n$/],
      [
        [],
        { env: { SSL_CLIENT_PASSPHRASE: 'x' } },
        /: does not open with this passphrase\. Check SSL_CLIENT_PASSPHRASE\.\n$/,
      ],
      [[], { answerSecret: answerSecret('x') }, /: client\.p12: does not open with any of these passphrases\./],
      [['--ssl-client-passphrase', 'x'], {}, /: client\.p12: does not open .*\. Check --ssl-client-passphrase\.\n$/],
    ] as const) {
      const { code, stdout, stderr } = await token('client.p12', [...more], surroundings);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, says);
    }
  });

  it('is asked for its passphrase again after a wrong one', async () => {
    const answers = ['wrong', PASSPHRASE];
    const asked: string[] = [];
    const { code, stderr } = await call(['token', ...CLIENT, 'client.p12'], {
      answerSecret: question => {
        asked.push(question);
        return answers.shift();
      },
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(asked, [
      'Passphrase of client.p12: ',
      'client.p12 does not open with this passphrase. Passphrase: ',
    ]);
  });

  it('is refused beside the file of a key, and where another file belongs', async () => {
    const random = Buffer.from('30820fff020103'.padEnd(400, '5a'), 'hex');
    folder.write('random.p12', random);
    for (const [args, code, says] of [
      [
        ['client.p12', '--ssl-client-key', 'client.key'],
        2,
        /client\.p12: is a PKCS #12 file, which holds the key too\. Leave out/,
      ],
      [
        ['client.pem', '--ssl-client-key', 'client.p12'],
        2,
        /client\.p12: is a PKCS #12 file\. Give it with --ssl-client-cert, without/,
      ],
      [['client.pem'], 2, /go together, unless the first is PKCS #12/],
      [['random.p12'], 1, /random\.p12: is a damaged PKCS #12 file/],
    ] as const) {
      const result = await call(['token', ...CLIENT, ...args], withPassphrase);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, says);
    }
  });

  it('is asked for by init without its key, kept from git, and needs no option from then on', async () => {
    const { client_id } = server.clients.tlsClientAuth;
    const flags = ['--client-id', client_id, '--method', 'tls_client_auth', '--issuer', server.issuer];
    const init = await call(['init', ...flags, ...TLS, 'client.p12'], withPassphrase);
    assert.equal(init.code, 0, init.stderr);
    assert.deepEqual(JSON.parse(readFileSync('paynet-client-auth.json', 'utf8')), {
      environment: 'paynet.postman_environment.json',
      sslClientCert: 'client.p12',
      sslExtraCaCerts: 'ca.pem',
    });
    assert.equal(readFileSync('.gitignore', 'utf8'), '/client.p12\n');
    assert.equal((await call(['token'], withPassphrase)).code, 0);
    // A pair of PEM files on the command line takes the place of it.
    assert.equal((await call(['token', '--ssl-client-cert', 'client.pem', '--ssl-client-key', 'client.key'])).code, 0);
    const other = await call(['init', '--force', ...flags, ...TLS, 'client.p12'], {
      env: { SSL_CLIENT_PASSPHRASE: 'x' },
    });
    assert.match(other.stderr, /does not open with this passphrase/);
  });
});

describe('an encrypted key of a transport certificate in PEM', () => {
  it('opens with the passphrase of a variable or of the user, which no script of a run sees', async () => {
    const key = createPrivateKey(server.credentials.transportCertificate.key);
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
    folder.write('locked.key', key.export(options));
    const client = [...CLIENT, 'client.pem', '--ssl-client-key', 'locked.key'];
    const answers = ['wrong', PASSPHRASE];
    for (const surroundings of [withPassphrase, { answerSecret: () => answers.shift() }]) {
      const { code, stderr } = await call(['token', ...client], surroundings);
      assert.equal(code, 0, stderr);
    }
    const { item, ...rest } = tokenCollection() as { item: object[] };
    const exec = [
      'const { name, passphrase } = pm.request.certificate;',
      'pm.test("has no passphrase", () => pm.expect([name, passphrase]).to.eql(["client-cert", undefined]));',
    ];
    folder.write('collection.json', {
      ...rest,
      item: [{ ...item[0], event: [{ listen: 'test', script: { exec } }] }],
    });
    const { code, stderr } = await call(['run', 'collection.json', ...client], withPassphrase);
    assert.deepEqual([code, stderr], [0, '1 of 1 request authenticated, 1 of 1 test passed\n']);
  });
});

describe('a signing key in PKCS #12', { skip: noOpenssl }, () => {
  it('is read by jwks and init, with its passphrase', async () => {
    const { publicJwk, privateKey, kid } = server.credentials.signingKey;
    folder.write('signing.key', privateKey);
    const cert = openssl(['req', '-x509', '-key', 'signing.key', '-subj', '/CN=signing']).toString();
    folder.write('signing.p12', createPkcs12({ key: privateKey, cert }, PASSPHRASE));
    const secret = { env: { SIGNING_KEY_PASSPHRASE: PASSPHRASE, SSL_CLIENT_PASSPHRASE: PASSPHRASE } };
    const { code, stdout } = await call(['jwks', '--signing-key', 'signing.p12', '--kid', kid], secret);
    assert.deepEqual([code, JSON.parse(stdout)], [0, { keys: [publicJwk] }]);
    assert.match((await call(['jwks', '--signing-key', 'signing.p12'])).stderr, /Set SIGNING_KEY_PASSPHRASE to its/);
    const { client_id } = server.clients.privateKeyJwt;
    const flags = ['--client-id', client_id, '--issuer', server.issuer, '--signing-key', 'signing.p12', '--kid', kid];
    assert.equal((await call(['init', ...flags, ...TLS, 'client.p12'], secret)).code, 0);
    assert.equal((await call(['token'], secret)).code, 0);
  });
});
