// What `run` says at its end when the authorization server refuses the client: the way from a real run to each kind of
// explanation, which is said once and without a secret. Which cause is named first where is shown in diagnosis.test.ts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  createSigningKey,
  type SigningKey,
  transportSubject,
} from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { type Result, runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

const COLLECTION = 'collections/source/paynet.postman_collection.json';
/** What a user fills in. */
const ENVIRONMENT = readFileSync('collections/source/paynet.postman_environment.json', 'utf8');
const ONE_REQUEST = ['--folder', 'Client credentials grant'];
const HEADING = 'Why the authorization server may have said no:';
const REGISTERED = 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY';

// What evidence can't decide between is named in one line, with the command that can.
const AUDIENCE =
  /aud was the (token endpoint, and RFC 10070 and FAPI 2\.0 allow|issuer, and the server may accept) only/;
const OTHER_METHOD = /registered with another method than (private_key_jwt|tls_client_auth)/;
const KEY = /the public half of the signing key may not be registered under the kid/;

type Variables = Record<string, string>;
type World = 'token_endpoint' | 'issuer';

let credentials: Credentials;
let other: SigningKey;
let files: CredentialFiles;
let folder: Folder;
let servers: Record<World | 'ahead' | 'behind', AuthorizationServer>;

before(async () => {
  [credentials, other] = await Promise.all([createCredentials(), createSigningKey()]);
  files = writeCredentialFiles(credentials);
  folder = createFolder();
  folder.write('jwks.json', { keys: [credentials.signingKey.publicJwk] });
  folder.write('key.pem', credentials.signingKey.privateKey);
  folder.write('other.pem', other.privateKey);
  const start = (audience: World, clockOffset = 0) => startAuthorizationServer({ audience, credentials, clockOffset });
  const [token_endpoint, issuer, ahead, behind] = await Promise.all([
    start('token_endpoint'),
    start('issuer'),
    start('token_endpoint', 120),
    start('token_endpoint', -120),
  ]);
  servers = { token_endpoint, issuer, ahead, behind };
});
after(async () => {
  folder.remove();
  files.remove();
  await Promise.all(Object.values(servers).map(server => server.close()));
});

const transport = () => ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key];
const certificateOf = async (subject: typeof transportSubject, authority = credentials.authority) => {
  const { cert, key } = await authority.issueClientCertificate(subject);
  const { write } = folder;
  return ['--ssl-client-cert', write('other-cert.pem', cert), '--ssl-client-key', write('other-key.pem', key)];
};
const withKey = (name = 'key.pem') => [...transport(), '--signing-key', folder.path(name)];
const knownJwks = () => ({ jwks_uri: folder.path('jwks.json') });

/** The variables of the client of each method; request objects need the kid with either. */
const byKey = (at: AuthorizationServer, change: Variables = {}): Variables => ({
  client_id: at.clients.privateKeyJwt.client_id,
  kid: at.clients.privateKeyJwt.kid,
  client_assertion_audience: at === servers.issuer ? 'issuer' : 'token_endpoint',
  ...change,
});
const byCertificate = (at: AuthorizationServer, change: Variables = {}): Variables => ({
  ...byKey(at),
  client_id: at.clients.tlsClientAuth.client_id,
  token_endpoint_auth_method: 'tls_client_auth',
  ...change,
});

/** The arguments of a run of the collection with what a user fills in. */
const argsOf = (at: AuthorizationServer, variables: Variables, args: readonly string[]): string[] => {
  const rest: Variables = {
    issuer: at.issuer,
    redirect_uri: at.redirectUri,
    resource_server_url: at.resourceServerUrl,
    ...variables,
  };
  const filled = JSON.parse(ENVIRONMENT).values.map(({ key, value }: { key: string; value: string }) => [key, value]);
  const environment = folder.write('environment.json', toEnvironment({ ...Object.fromEntries(filled), ...rest }));
  return ['run', COLLECTION, '-e', environment, '--ssl-extra-ca-certs', files.ca, ...args];
};

/** What is behind the heading, up to the last line; no secret is in it. */
const explanationOf = (at: AuthorizationServer, { stderr }: Pick<Result, 'stderr'>): string => {
  const keys = [credentials.signingKey.privateKey, other.privateKey, credentials.transportCertificate.key];
  assert.equal(holdsPartOf(stderr, keys), false, 'a key is shown');
  const assertions = at.requests
    .map(({ body }) => new URLSearchParams(body).get('client_assertion') ?? '')
    .filter(Boolean);
  assert.equal(holdsPartOf(stderr, assertions), false, 'a part of an assertion is shown');
  const [, explanation = '', ...more] = stderr.split(`${HEADING}\n`);
  assert.deepEqual(more, [], 'the heading is there twice');
  return explanation;
};

const run = async (at: AuthorizationServer, variables: Variables, args: readonly string[]) => {
  at.requests.length = 0;
  const result = await runCommand([...argsOf(at, variables, args), '--silent']);
  return { ...result, explanation: explanationOf(at, result) };
};

/** The first cause of a run with one token request that is refused. */
const firstCause = async (at: AuthorizationServer, variables: Variables, args: readonly string[]) => {
  const { code, explanation, stderr } = await run(at, variables, [...ONE_REQUEST, ...args]);
  assert.equal(code, 1);
  const causes = explanation.match(/^ {2}1\. .*$/gm) ?? [];
  assert.equal(causes.length, 1, `one explanation with a first cause, got: ${stderr}`);
  const first = causes[0] as string;
  const [, counts, fact, remedy] =
    /\nerror: the run failed: (.*)\.\n(?:Cause, proved|Cause, in the words of the server|Possible cause): (.*)\nDo this: (.*)\n$/.exec(
      stderr,
    ) ?? [];
  assert.match(counts ?? '', /^0 of 1 request authenticated, \d of \d tests passed/);
  assert.equal(first.replace(/^.*?: /, ''), `${fact}: ${remedy}`, 'the verdict has another cause');
  return first;
};

describe('the end of a run', () => {
  it('has no explanation when the run is green', async () => {
    const server = servers.token_endpoint;
    for (const [variables, args] of [
      [byKey(server), [...ONE_REQUEST, ...withKey()]],
      [byCertificate(server), [...ONE_REQUEST, ...withKey()]],
      // Without a key there is no request object, and so no consent.
      [byCertificate(server, { kid: '' }), [...transport(), '--folder', 'Client', '--folder', 'Token']],
    ] as const) {
      const { code, stderr } = await run(server, variables, args);
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  it('names the clock of a server that is ahead, and the offset that helps', async () => {
    const { ahead } = servers;
    const variables = byKey(ahead, { client_assertion_lifetime: '60' });
    const cause = await firstCause(ahead, variables, withKey());
    assert.match(cause, /1\. proved: the server's clock is 1(19|20|21) s ahead of yours, .* of 60 s had expired: set/);
    const [, clock_offset = ''] = /: set clock_offset to (-?\d+)$/.exec(cause) ?? [];
    const { code } = await run(ahead, { ...variables, clock_offset }, [...ONE_REQUEST, ...withKey()]);
    assert.equal(code, 0, `clock_offset ${clock_offset} does not help`);
  });

  it('names the clock of a server that is behind, and the offset that helps', async () => {
    const { behind } = servers;
    const cause = await firstCause(behind, byKey(behind), withKey());
    assert.match(
      cause,
      /1\. proved: the server's clock is 1(19|20|21) s behind yours, so iat was 1\d\d s in the future/,
    );
    const [, clock_offset = ''] = /: set clock_offset to (-?\d+)$/.exec(cause) ?? [];
    const { code } = await run(behind, byKey(behind, { clock_offset }), [...ONE_REQUEST, ...withKey()]);
    assert.equal(code, 0, `clock_offset ${clock_offset} does not help`);
  });

  for (const world of ['token_endpoint', 'issuer'] as const) {
    const wrongAudience: World = world === 'issuer' ? 'token_endpoint' : 'issuer';

    it(`names audience and method where the key is the registered one, and the audience ${world} that helps`, async () => {
      const server = servers[world];
      const variables = byKey(server, { client_assertion_audience: wrongAudience, ...knownJwks() });
      const cause = await firstCause(server, variables, withKey());
      for (const pattern of [/1\. possible: aud was /, AUDIENCE, OTHER_METHOD]) assert.match(cause, pattern);
      assert.match(
        cause,
        new RegExp(`: "check --live" shows which: set client_assertion_audience to ${world}, or set`),
      );
      assert.equal((await run(server, byKey(server), [...ONE_REQUEST, ...withKey()])).code, 0);
    });

    it(`names audience, method and key where no JWKS is known, whichever it is, with the audience ${world}`, async () => {
      const server = servers[world];
      const { client_id } = server.clients.tlsClientAuth;
      const rows = [{ client_assertion_audience: wrongAudience }, { kid: 'another' }, { client_id }];
      const data = [
        '-d',
        folder.write(
          'rows.json',
          rows.map(row => byKey(server, row)),
        ),
      ];
      const { explanation } = await run(server, byKey(server), [...ONE_REQUEST, ...withKey(), ...data]);
      const causes = explanation.match(/^ {2}1\. .*$/gm) ?? [];
      assert.equal(causes.length, rows.length, explanation);
      for (const cause of [...causes, await firstCause(server, byKey(server), withKey('other.pem'))]) {
        for (const pattern of [/1\. possible: /, AUDIENCE, OTHER_METHOD, KEY]) assert.match(cause, pattern);
        assert.match(cause, /: "check --live --jwks <registered JWKS>" shows which: /);
      }
    });
  }

  it('names a kid that the JWKS does not have, and the one under which the key is registered', async () => {
    const server = servers.token_endpoint;
    const cause = await firstCause(server, byKey(server, { kid: 'another', ...knownJwks() }), withKey());
    assert.match(cause, /1\. proved: the kid another is not in the JWKS /);
    assert.equal(cause.endsWith(`: set kid to ${credentials.signingKey.kid}`), true, cause);
  });

  it('names another key under the kid', async () => {
    const server = servers.token_endpoint;
    const cause = await firstCause(server, byKey(server, knownJwks()), withKey('other.pem'));
    assert.match(cause, /1\. proved: under the kid [\w-]+ the JWKS .* has another key than the public half/);
  });

  it('names a certificate that is missing, with either method', async () => {
    const server = servers.token_endpoint;
    for (const [variables, args] of [
      [byKey(server), ['--signing-key', folder.path('key.pem')]],
      [byCertificate(server), []],
    ] as const) {
      assert.match(
        await firstCause(server, variables, args),
        /1\. proved: no transport certificate was sent.*: give --ssl-client-cert and --ssl-client-key$/,
      );
    }
  });

  it('names the subject of the certificate: for certain where the registered one is known', async () => {
    const server = servers.token_endpoint;
    const args = await certificateOf({ ...transportSubject, commonName: 'other.example.my' });
    const known = byCertificate(server, { tls_client_auth_subject_dn: REGISTERED });
    assert.match(
      await firstCause(server, known, args),
      /1\. proved: the transport certificate has another subject .*, CN=other\.example\.my,.* against CN=transport\./,
    );
    const cause = await firstCause(server, byCertificate(server), args);
    assert.match(cause, /1\. possible: .* another subject than .*, which is CN=other\.example\.my,O=Contoh/);
    assert.match(cause, OTHER_METHOD);
    assert.match(cause, /: "check --live" shows which: compare the subject /);
  });

  it('names the authority of a certificate that the server does not know', async () => {
    const server = servers.token_endpoint;
    const args = await certificateOf(transportSubject, await createCertificateAuthority('Strange Root CA'));
    const cause = await firstCause(server, byCertificate(server), args);
    assert.match(cause, /1\. possible: the server may have ended the handshake .* \(CN=Strange Root CA,/);
  });

  it('names the other method of the client, beside what else it may be', async () => {
    const server = servers.token_endpoint;
    const { client_id } = server.clients.tlsClientAuth;
    const registered = { client_id, ...knownJwks(), tls_client_auth_subject_dn: REGISTERED };
    const byWrongKey = await firstCause(server, byKey(server, registered), withKey());
    assert.match(byWrongKey, AUDIENCE);
    assert.match(byWrongKey, /registered with tls_client_auth, as tls_client_auth_subject_dn is set/);
    const variables = byKey(server, { token_endpoint_auth_method: 'tls_client_auth' });
    const byWrongCertificate = await firstCause(server, variables, withKey());
    for (const pattern of [/1\. possible: .* another subject than/, OTHER_METHOD]) {
      assert.match(byWrongCertificate, pattern);
    }
    assert.match(byWrongCertificate, /shows which: .* set token_endpoint_auth_method to the registered one$/);
  });

  it('names an issuer that its own metadata contradicts, and the one to copy', async () => {
    const server = servers.issuer;
    const { token_endpoint } = server.endpoints;
    const issuer = `${server.issuer}/`;
    assert.equal(
      await firstCause(server, byKey(server, { issuer, token_endpoint }), withKey()),
      `  1. proved: aud was ${issuer}, and the metadata there has the issuer ${server.issuer}: set issuer to ${server.issuer}`,
    );
  });

  it('names a list of certificates that has none for this host', async () => {
    const server = servers.token_endpoint;
    const matches = ['https://elsewhere.example.my/*'];
    const entry = { name: 'x', matches, cert: { src: files.cert }, key: { src: files.key } };
    const list = ['--ssl-client-cert-list', folder.write('list.json', [entry])];
    assert.match(
      await firstCause(server, byKey(server), [...list, '--signing-key', folder.path('key.pem')]),
      /1\. proved: the server says that it got no transport certificate: name one for this host in --ssl-client-cert-list/,
    );
  });

  it('says once what three iterations were refused for at two endpoints', async () => {
    const server = servers.token_endpoint;
    const variables = byKey(server, { kid: 'another', ...knownJwks() });
    const { explanation } = await run(server, variables, ['-n', '3', ...withKey()]);
    const refused = server.requests.filter(({ method, port }) => method === 'POST' && port === 'mtls');
    assert.deepEqual(
      refused.map(one => one.path),
      ['/token', '/par', '/token', '/par', '/token', '/par'],
    );
    assert.equal(explanation.match(/ answered 401 invalid_client/g)?.length, 1, explanation);
    assert.equal(explanation.match(/^ {2}1\. /gm)?.length, 1, explanation);
  });

  it('says in a process of its own what was sent and what is known of the server, behind all output of the run', async () => {
    const server = servers.token_endpoint;
    server.requests.length = 0;
    const variables = byKey(server, { kid: 'another', ...knownJwks() });
    const args = ['dist/cli.js', ...argsOf(server, variables, [...ONE_REQUEST, ...withKey()])];
    const { code, stderr } = await execute(process.execPath, args);
    assert.equal(code, 1);
    const [head, sent, certificate, known, ...causes] = explanationOf(server, { stderr }).trimEnd().split('\n');
    assert.equal(
      head,
      `token_endpoint ${server.endpoints.token_endpoint} answered 401 invalid_client "client authentication failed"`,
    );
    const { client_id } = server.clients.privateKeyJwt;
    assert.equal(
      sent,
      `  sent: private_key_jwt, alg=PS256 kid=another aud=${server.audience} iss=${client_id}, lifetime 600 s`,
    );
    assert.match(certificate ?? '', /^ {2}transport certificate: CN=transport\..*, valid until \d{4}-\d\d-\d\d, /);
    assert.match(
      known ?? '',
      /^ {2}server: the server's clock .*yours; methods private_key_jwt, tls_client_auth; algorithms PS256; kid another is not in/,
    );
    assert.match(causes[0] ?? '', /^ {2}1\. proved: the kid another is not in the JWKS/);
    assert.match(causes.at(-3) ?? '', /^error: the run failed: 0 of 1 request authenticated, \d of \d tests passed\.$/);
    assert.match(causes.at(-2) ?? '', /^Cause, proved: the kid another is not in the JWKS/);
    assert.match(causes.at(-1) ?? '', /^Do this: set kid to /);
  });
});

describe('the end of a run whose settings are elsewhere than in the environment', () => {
  const TRUE_CAUSE = /^ {2}1\. proved: the kid another is not in the JWKS .*: set kid to /m;
  const settingsOf = ({ issuer, clients }: AuthorizationServer, kid = 'another') => ({
    issuer,
    client_id: clients.privateKeyJwt.client_id,
    kid,
    ...knownJwks(),
  });
  const toValues = (variables: Variables) => Object.entries(variables).map(([key, value]) => ({ key, value }));
  const runPlain = async (variable: object[], more: string[]) => {
    const collection = folder.write('plain.json', { ...tokenCollection(), variable });
    const args = ['run', collection, '--ssl-extra-ca-certs', files.ca, '--silent', ...withKey()];
    return (await runCommand([...args, ...more])).stderr;
  };

  it('reads collection variables', async () => {
    assert.match(await runPlain(toValues(settingsOf(servers.token_endpoint)), []), TRUE_CAUSE);
  });

  it('reads globals', async () => {
    const globals = folder.write('globals.json', { values: toValues(settingsOf(servers.token_endpoint)) });
    assert.match(await runPlain([], ['-g', globals]), TRUE_CAUSE);
  });

  it('reads the row of data of the iteration', async () => {
    const server = servers.token_endpoint;
    const accepted = { ...settingsOf(server, server.clients.privateKeyJwt.kid), jwks_uri: 'nowhere.json' };
    const rows = [accepted, settingsOf(server)];
    assert.match(await runPlain([], ['-d', folder.write('rows.json', rows)]), TRUE_CAUSE);
  });

  it('takes the nearer of two values', async () => {
    const settings = settingsOf(servers.token_endpoint);
    const far = { ...settings, issuer: 'https://127.0.0.1:1', jwks_uri: 'nowhere.json' };
    const globals = folder.write('globals.json', { values: toValues(far) });
    assert.match(await runPlain(toValues(settings), ['-g', globals]), TRUE_CAUSE);
  });
});
