// What `run` says at its end when the authorization server refuses the client: each fault is explained by its true cause
// first, once, and without a secret.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { type Answer, type Recorder, startRecorder } from '../../support/recorder.ts';
import { tokenCollection } from '../../support/workplace.ts';

const COLLECTION = 'collections/paynet.postman_collection.json';
/** What a user fills in. */
const ENVIRONMENT = readFileSync('collections/paynet.postman_environment.json', 'utf8');
const ONE_REQUEST = ['--folder', 'Client credentials grant'];
const HEADING = 'Why the authorization server may have said no:';
const REGISTERED = 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY';

type Variables = Record<string, string>;
type World = 'token_endpoint' | 'issuer';

describe('the end of a run', () => {
  let credentials: Credentials;
  let other: SigningKey;
  let files: CredentialFiles;
  let folder: string;
  let count = 0;

  const path = (name: string) => join(folder, name);
  const write = (name: string, content: unknown) => {
    writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));
    return path(name);
  };

  before(async () => {
    [credentials, other] = await Promise.all([createCredentials(), createSigningKey()]);
    files = writeCredentialFiles(credentials);
    folder = mkdtempSync(join(tmpdir(), 'run-refusals-'));
    write('jwks.json', { keys: [credentials.signingKey.publicJwk] });
    write('key.pem', credentials.signingKey.privateKey);
    write('other.pem', other.privateKey);
  });
  after(() => {
    rmSync(folder, { recursive: true });
    files.remove();
  });

  const transport = () => ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key];
  const certificateOf = async (subject: typeof transportSubject, authority = credentials.authority) => {
    const { cert, key } = await authority.issueClientCertificate(subject);
    return ['--ssl-client-cert', write('other-cert.pem', cert), '--ssl-client-key', write('other-key.pem', key)];
  };

  /** Runs the collection, and gives the explanation: what stands behind the heading, up to the last line. */
  const run = async (at: AuthorizationServer, variables: Variables, args: string[]) => {
    const settings = {
      issuer: at.issuer,
      redirect_uri: at.redirectUri,
      resource_server_url: at.resourceServerUrl,
      ...variables,
    };
    const values: { key: string; value: string }[] = JSON.parse(ENVIRONMENT).values;
    for (const [key, value] of Object.entries(settings)) {
      const shipped = values.find(one => one.key === key);
      if (shipped) shipped.value = value;
      else values.push({ key, value });
    }
    const environment = write(`environment-${count++}.json`, { name: 'environment', values });
    const client = ['-e', environment, '--ssl-extra-ca-certs', files.ca];
    at.requests.length = 0;
    const { code, stdout, stderr } = await execute(process.execPath, [
      'dist/cli.js',
      'run',
      COLLECTION,
      ...client,
      ...args,
    ]);
    for (const key of [credentials.signingKey.privateKey, other.privateKey, credentials.transportCertificate.key]) {
      assert.equal(holdsPartOf(stderr, key), false, 'a key is shown');
    }
    for (const { body } of at.requests) {
      const assertion = new URLSearchParams(body).get('client_assertion');
      if (assertion) assert.equal(holdsPartOf(stderr, assertion), false, 'a part of an assertion is shown');
    }
    const [, explanation = '', ...more] = stderr.split(`${HEADING}\n`);
    assert.deepEqual(more, [], 'the heading stands there twice');
    return { code, stdout, stderr, explanation };
  };

  for (const world of ['token_endpoint', 'issuer'] as const) {
    describe(`where the audience is ${world}`, () => {
      const wrongAudience: World = world === 'issuer' ? 'token_endpoint' : 'issuer';
      let server: AuthorizationServer;
      let ahead: AuthorizationServer;
      let behind: AuthorizationServer;

      before(async () => {
        [server, ahead, behind] = (await Promise.all(
          [0, 120, -120].map(clockOffset => startAuthorizationServer({ audience: world, credentials, clockOffset })),
        )) as [AuthorizationServer, AuthorizationServer, AuthorizationServer];
      });
      after(() => Promise.all([server, ahead, behind].map(one => one.close())));

      /** The variables of the client of each method; request objects need the kid with either. */
      const byKey = (at: AuthorizationServer, change: Variables = {}): Variables => ({
        client_id: at.clients.privateKeyJwt.client_id,
        kid: at.clients.privateKeyJwt.kid,
        client_assertion_audience: world,
        ...change,
      });
      const byCertificate = (at: AuthorizationServer, change: Variables = {}): Variables => ({
        ...byKey(at),
        client_id: at.clients.tlsClientAuth.client_id,
        token_endpoint_auth_method: 'tls_client_auth',
        ...change,
      });
      const knownJwks = () => ({ jwks_uri: path('jwks.json') });
      const withKey = (name = 'key.pem') => [...transport(), '--signing-key', path(name)];

      /** The first cause of a run with one token request that is refused. */
      const firstCause = async (at: AuthorizationServer, variables: Variables, args: string[]) => {
        const { code, explanation, stderr } = await run(at, variables, [...ONE_REQUEST, ...args]);
        assert.equal(code, 1);
        assert.match(stderr, /\nerror: the run failed: \d+ failures?\.\n$/);
        const causes = explanation.match(/^ {2}1\. .*$/gm) ?? [];
        assert.equal(causes.length, 1, `one explanation with a first cause, got: ${stderr}`);
        return causes[0] as string;
      };
      const clockOffsetOf = (cause: string) => Number(/: set clock_offset to (-?\d+)$/.exec(cause)?.[1]);

      it('has no explanation when the run is green', async () => {
        for (const [variables, args] of [
          [byKey(server), withKey()],
          [byCertificate(server), withKey()],
          // Without a key there is no request object, and so no consent.
          [byCertificate(server, { kid: '' }), [...transport(), '--folder', 'Client', '--folder', 'Token']],
        ] as const) {
          const { code, stdout, stderr } = await run(server, variables, [...args]);
          assert.equal(code, 0, stdout);
          assert.equal(stderr, '');
        }
      });

      it('names the clock of a server that is ahead, and the offset that helps', async () => {
        const variables = byKey(ahead, { client_assertion_lifetime: '60' });
        const cause = await firstCause(ahead, variables, withKey());
        assert.match(
          cause,
          /1\. proved: the server's clock is 1(19|20|21) s ahead of yours, .* of 60 s had expired: set/,
        );
        const clock_offset = String(clockOffsetOf(cause));
        const { code } = await run(ahead, { ...variables, clock_offset }, [...ONE_REQUEST, ...withKey()]);
        assert.equal(code, 0, `clock_offset ${clock_offset} does not help`);
      });

      it('names the clock of a server that is behind, and the offset that helps', async () => {
        const cause = await firstCause(behind, byKey(behind), withKey());
        assert.match(
          cause,
          /1\. proved: the server's clock is 1(19|20|21) s behind yours, so iat was 1\d\d s in the future/,
        );
        const clock_offset = String(clockOffsetOf(cause));
        const { code } = await run(behind, byKey(behind, { clock_offset }), [...ONE_REQUEST, ...withKey()]);
        assert.equal(code, 0, `clock_offset ${clock_offset} does not help`);
      });

      it('names a clock_offset that is itself the fault', async () => {
        const cause = await firstCause(server, byKey(server, { clock_offset: '120' }), withKey());
        assert.match(
          cause,
          /1\. proved: .* agrees with yours, and clock_offset is 120, so iat was .*: set clock_offset to 0$/,
        );
      });

      // What evidence can't tell apart is named in one line, with the command that can.
      const AUDIENCE =
        /aud was the (token endpoint, and servers of the FAPI 2\.0 profile|issuer, and the server may) accept only/;
      const OTHER_METHOD = /registered with another method than (private_key_jwt|tls_client_auth)/;
      const KEY = /the public half of the signing key may not be registered under the kid/;

      it('names the audience and the method when the key is the registered one, and the setting that helps', async () => {
        const variables = byKey(server, { client_assertion_audience: wrongAudience, ...knownJwks() });
        const cause = await firstCause(server, variables, withKey());
        for (const pattern of [/1\. possible: aud was /, AUDIENCE, OTHER_METHOD]) assert.match(cause, pattern);
        assert.match(
          cause,
          new RegExp(`: "check --live" shows which: set client_assertion_audience to ${world}, or set`),
        );
      });

      it('names the audience beside what a server bears: a clock 59 s off, and a kid that stands twice', async () => {
        const wrong = { client_assertion_audience: wrongAudience };
        const { publicJwk } = credentials.signingKey;
        const jwks_uri = write('twice.json', { keys: [publicJwk, { ...other.publicJwk, kid: publicJwk.kid }] });
        const twice = await firstCause(server, byKey(server, { ...wrong, jwks_uri }), withKey());
        for (const pattern of [/1\. possible: 2 keys of the JWKS /, AUDIENCE]) assert.match(twice, pattern);
        for (const clockOffset of [-59, 59]) {
          const off = await startAuthorizationServer({ audience: world, credentials, clockOffset });
          try {
            const cause = await firstCause(off, byKey(off, { ...wrong, ...knownJwks() }), withKey());
            for (const pattern of [/1\. possible: /, AUDIENCE]) assert.match(cause, pattern);
          } finally {
            await off.close();
          }
        }
      });

      it('names audience, method and key together where no JWKS is known', async () => {
        for (const [variables, args] of [
          [byKey(server, { client_assertion_audience: wrongAudience }), withKey()],
          [byKey(server, { kid: 'another' }), withKey()],
          [byKey(server), withKey('other.pem')],
          [byKey(server, { client_id: server.clients.tlsClientAuth.client_id }), withKey()],
        ] as const) {
          const cause = await firstCause(server, variables, args);
          for (const pattern of [/1\. possible: /, AUDIENCE, OTHER_METHOD, KEY]) assert.match(cause, pattern);
          assert.match(cause, /: "check --live --jwks <registered JWKS>" shows which: /);
        }
      });

      it('names an audience that is no name of the server at all', async () => {
        const { token_endpoint } = server.endpoints;
        const variables = byKey(server, { token_endpoint, client_assertion_audience: 'https://elsewhere.example.my' });
        const cause = await firstCause(server, variables, withKey());
        assert.match(cause, /1\. possible: aud was https:\/\/elsewhere\.example\.my, which is neither the issuer nor/);
      });

      it('names a kid that the JWKS does not have, and the one under which the key stands', async () => {
        const cause = await firstCause(server, byKey(server, { kid: 'another', ...knownJwks() }), withKey());
        assert.match(cause, /1\. proved: the kid another is not in the JWKS /);
        assert.equal(cause.endsWith(`: set kid to ${credentials.signingKey.kid}`), true, cause);
      });

      it('names another key under the kid', async () => {
        const cause = await firstCause(server, byKey(server, knownJwks()), withKey('other.pem'));
        assert.match(cause, /1\. proved: under the kid [\w-]+ the JWKS .* has another key than the public half/);
      });

      it('names a certificate that is missing, with either method', async () => {
        for (const [variables, args] of [
          [byKey(server), ['--signing-key', path('key.pem')]],
          [byCertificate(server), []],
        ] as const) {
          const cause = await firstCause(server, variables, [...args]);
          assert.match(
            cause,
            /1\. proved: no transport certificate was sent.*: give --ssl-client-cert and --ssl-client-key$/,
          );
        }
      });

      it('names the subject of the certificate: for certain where the registered one is known', async () => {
        const certificate = await certificateOf({ ...transportSubject, commonName: 'other.example.my' });
        const args = [...certificate, '--signing-key', path('key.pem')];
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

      it('names the authority of a certificate that this server does not know', async () => {
        const args = await certificateOf(transportSubject, await createCertificateAuthority('Strange Root CA'));
        const cause = await firstCause(server, byCertificate(server), args);
        assert.match(cause, /1\. possible: the server may have ended the handshake .* \(CN=Strange Root CA,/);
      });

      it('names private_key_jwt as not registered, beside the audience', async () => {
        const tlsClient = { client_id: server.clients.tlsClientAuth.client_id, ...knownJwks() };
        const cause = await firstCause(server, byKey(server, tlsClient), withKey());
        for (const pattern of [/1\. possible: /, AUDIENCE, OTHER_METHOD]) assert.match(cause, pattern);
        const registered = { ...tlsClient, tls_client_auth_subject_dn: REGISTERED };
        const bySubject = await firstCause(server, byKey(server, registered), withKey());
        assert.match(bySubject, /registered with tls_client_auth, as tls_client_auth_subject_dn is set/);
      });

      it('names tls_client_auth as not registered, beside the subject of the certificate', async () => {
        const cause = await firstCause(
          server,
          byKey(server, { token_endpoint_auth_method: 'tls_client_auth' }),
          withKey(),
        );
        for (const pattern of [/1\. possible: .* another subject than/, OTHER_METHOD]) assert.match(cause, pattern);
        assert.match(cause, /: "check --live" shows which: .* set token_endpoint_auth_method to the registered one$/);
      });

      it('names an issuer that its own metadata contradicts, and the one to copy', async () => {
        const { token_endpoint } = server.endpoints;
        const slashed = { issuer: `${server.issuer}/`, token_endpoint };
        const variables = byKey(server, { ...slashed, client_assertion_audience: 'issuer' });
        const cause = await firstCause(server, variables, withKey());
        assert.equal(
          cause,
          `  1. proved: aud was ${slashed.issuer}, and the metadata there has the issuer ${server.issuer}: set issuer to ${server.issuer}`,
        );
      });

      it('names a list of certificates that has none for this host', async () => {
        const list = write('list.json', [
          {
            name: 'x',
            matches: ['https://elsewhere.example.my/*'],
            cert: { src: files.cert },
            key: { src: files.key },
          },
        ]);
        const args = ['--ssl-client-cert-list', list, '--signing-key', path('key.pem')];
        assert.match(
          await firstCause(server, byKey(server), args),
          /1\. proved: the server says that it got no transport certificate: name one for this host in --ssl-client-cert-list/,
        );
      });

      it('says once what three iterations were refused for at two endpoints', async () => {
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

      it('says what was sent and what is known of the server', async () => {
        const variables = byKey(server, { kid: 'another', ...knownJwks() });
        const { explanation } = await run(server, variables, [...ONE_REQUEST, ...withKey()]);
        const { client_id } = server.clients.privateKeyJwt;
        const [head, sent, certificate, known] = explanation.split('\n');
        assert.equal(
          head?.startsWith(`token_endpoint ${server.endpoints.token_endpoint} answered 401 invalid_client`),
          true,
          head,
        );
        assert.equal(
          sent,
          `  sent: private_key_jwt, alg=PS256 kid=another aud=${server.audience} iss=${client_id}, lifetime 600 s`,
        );
        assert.match(certificate ?? '', /^ {2}transport certificate: CN=transport\..*, valid until \d{4}-\d\d-\d\d, /);
        assert.match(
          known ?? '',
          /^ {2}server: the server's clock .*yours; methods private_key_jwt, tls_client_auth; algorithms PS256; kid another is not in/,
        );
      });
    });
  }

  describe('where the settings stand elsewhere than in the environment', () => {
    let server: AuthorizationServer;
    let settings: Variables;
    let args: string[];

    before(async () => {
      server = await startAuthorizationServer({ audience: 'token_endpoint', credentials });
      const { client_id } = server.clients.privateKeyJwt;
      settings = { issuer: server.issuer, client_id, kid: 'another', jwks_uri: path('jwks.json') };
      args = [...transport(), '--ssl-extra-ca-certs', files.ca, '--signing-key', path('key.pem')];
    });
    after(() => server.close());

    const toValues = (variables: Variables) => Object.entries(variables).map(([key, value]) => ({ key, value }));
    const runPlain = async (variable: object[], more: string[]) => {
      const collection = write('plain.json', { ...tokenCollection(), variable });
      const { stderr } = await execute(process.execPath, ['dist/cli.js', 'run', collection, ...args, ...more]);
      return stderr;
    };
    const TRUE_CAUSE = /^ {2}1\. proved: the kid another is not in the JWKS .*: set kid to /m;

    it('reads collection variables', async () => {
      assert.match(await runPlain(toValues(settings), []), TRUE_CAUSE);
    });

    it('reads globals', async () => {
      const globals = write('globals.json', { values: toValues(settings) });
      assert.match(await runPlain([], ['-g', globals]), TRUE_CAUSE);
    });

    it('reads the row of data of the iteration', async () => {
      const { kid } = server.clients.privateKeyJwt;
      const rows = [{ ...settings, kid }, settings];
      assert.match(await runPlain([], ['-d', write('rows.json', rows)]), TRUE_CAUSE);
    });

    it('takes the nearer of two values', async () => {
      const far = { ...settings, issuer: 'https://127.0.0.1:1', jwks_uri: 'nowhere.json' };
      const globals = write('globals.json', { values: toValues(far) });
      assert.match(await runPlain(toValues(settings), ['-g', globals]), TRUE_CAUSE);
    });
  });

  describe('where anything may answer', () => {
    let recorder: Recorder;

    before(async () => {
      recorder = await startRecorder();
    });
    after(() => recorder.close());

    const explain = async (answer: Answer, variables: Variables = {}, more: string[] = []) => {
      recorder.answers.set('/token', answer);
      const settings = { client_id: 'c', kid: 'k1', token_endpoint: `${recorder.origin}/token`, ...variables };
      const values = Object.entries(settings).map(([key, value]) => ({ key, value }));
      const environment = write('anything.json', { name: 'environment', values });
      const collection = write('plain.json', tokenCollection());
      const client = ['-e', environment, '--signing-key', path('key.pem'), ...transport()];
      const { stderr } = await execute(process.execPath, ['dist/cli.js', 'run', collection, ...client, ...more]);
      return stderr;
    };
    const html = (title: string) => ({
      headers: { 'content-type': 'text/html' },
      body: `<html><head><title>${title}</title></head></html>`,
    });
    const GATEWAY = /^ {2}1\. possible: the answer has no OAuth error, so it may come from a gateway/m;

    it('explains refusals that are not of OAuth', async () => {
      const problem = { title: 'Unauthorized', status: 401, detail: 'who are you' };
      const answers: [Answer, RegExp][] = [
        [{ status: 401, body: '' }, GATEWAY],
        [{ status: 401, ...html('401 Authorization Required') }, GATEWAY],
        [{ status: 403, ...html('403 Forbidden') }, GATEWAY],
        [{ status: 401, body: '{"status":401,"error":"Unauthorized"}' }, GATEWAY],
        [
          { status: 401, body: JSON.stringify(problem), headers: { 'content-type': 'application/problem+json' } },
          /answered 401 without an OAuth error "who are you"$/m,
        ],
        [
          { status: 400, ...html('400 No required SSL certificate was sent') },
          /^ {2}1\. proved: the server says that it got no transport certificate: /m,
        ],
        [
          { status: 400, ...html('400 The SSL certificate error') },
          /^ {2}1\. proved: the server says that it could not verify the transport certificate: /m,
        ],
      ];
      for (const [answer, expected] of answers) assert.match(await explain(answer), expected);
    });

    it('does not explain what is no refusal of the client', async () => {
      const invalidGrant = '{"error":"invalid_grant"}';
      const answers = [
        { status: 400, body: invalidGrant },
        { status: 401, body: invalidGrant },
        { status: 400, ...html('400 Bad Request') },
        { status: 500, ...html('500') },
      ];
      for (const answer of answers) assert.doesNotMatch(await explain(answer), new RegExp(HEADING));
    });

    it('reckons with the age of an answer that a cache has kept', async () => {
      const headers = { date: new Date(Date.now() - 3_000_000).toUTCString(), age: '3000' };
      const text = await explain({ status: 401, body: '{"error":"invalid_client"}', headers });
      assert.match(text, /^ {2}server: the server's clock (agrees with yours|is 1 s (ahead of|behind) yours)/m);
      assert.match(text, /^ {2}1\. possible: aud was the token endpoint, /m);
    });

    it('does not take the page of a gateway for an accepted request', async () => {
      let count = 0;
      const pageThenRefusal = (response: ServerResponse) => {
        const isPage = count++ === 0;
        response.writeHead(isPage ? 200 : 401, { 'content-type': isPage ? 'text/html' : 'application/json' });
        response.end(isPage ? '<html></html>' : '{"error":"invalid_client"}');
      };
      const text = await explain(pageThenRefusal, {}, ['-n', '2']);
      assert.equal(count, 2);
      assert.match(text, /^ {2}1\. possible: aud was the token endpoint, /m);
    });

    it('says why metadata and JWKS could not be read, and shows no key that stands in a wrong variable', async () => {
      recorder.answers.set('/.well-known/openid-configuration', { status: 503 });
      recorder.answers.set('/.well-known/oauth-authorization-server', { status: 503 });
      const refusal = { status: 401, body: '{"error":"invalid_client"}' };
      const text = await explain(refusal, { issuer: recorder.origin, jwks_uri: path('missing.json') });
      assert.match(
        text,
        /; its metadata could not be read: "issuer" must be a server whose metadata can be read, got status 503/,
      );
      assert.match(text, /; the JWKS could not be read: .*missing\.json/);
      const unreachable = await explain(refusal, { issuer: 'http://127.0.0.1:1', jwks_uri: other.privateKey });
      assert.match(unreachable, /; its metadata could not be read: the connection failed \(ECONNREFUSED\); /);
      assert.match(
        unreachable,
        /; the JWKS could not be read: "jwks_uri" must be a URL or a file, got \d+ characters of/,
      );
      assert.equal(holdsPartOf(unreachable, other.privateKey), false, 'a key is shown');
    });
  });
});
