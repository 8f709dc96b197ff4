// What `run` says at its end when the authorization server refuses the client: each fault is explained by its true cause
// first, once, and without a secret.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  createSigningKey,
  type SigningKey,
  transportSubject,
} from '../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../src/demo/credential-files.ts';
import { execute } from './support/execute.ts';
import { holdsPartOf } from './support/readings.ts';

const COLLECTION = 'collections/paynet.postman_collection.json';
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
    const values = Object.entries(settings).map(([key, value]) => ({ key, value, enabled: true }));
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

      /** The variables of the client of each method. */
      const byKey = (at: AuthorizationServer, change: Variables = {}): Variables => ({
        client_id: at.clients.privateKeyJwt.client_id,
        kid: at.clients.privateKeyJwt.kid,
        client_assertion_audience: world,
        jwks_uri: path('jwks.json'),
        ...change,
      });
      const byCertificate = (at: AuthorizationServer, change: Variables = {}): Variables => ({
        client_id: at.clients.tlsClientAuth.client_id,
        token_endpoint_auth_method: 'tls_client_auth',
        ...change,
      });
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
          [byCertificate(server, { kid: server.clients.privateKeyJwt.kid }), withKey()],
          // Without a key there is no request object, and so no consent.
          [byCertificate(server), [...transport(), '--folder', 'Client', '--folder', 'Token']],
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

      it('names the audience when the key is the registered one, and the setting that helps', async () => {
        const variables = byKey(server, { client_assertion_audience: wrongAudience });
        const cause = await firstCause(server, variables, withKey());
        assert.match(cause, /1\. possible: aud was the (token endpoint|issuer)[;,] /);
        assert.match(cause, new RegExp(`: set client_assertion_audience to ${world}$`));
      });

      it('names an audience that is no name of the server at all', async () => {
        const variables = byKey(server, { client_assertion_audience: 'https://elsewhere.example.my' });
        const cause = await firstCause(server, variables, withKey());
        assert.match(cause, /1\. proved: aud was https:\/\/elsewhere\.example\.my, which is neither the issuer nor/);
      });

      it('names a kid that the JWKS does not have, and the one under which the key stands', async () => {
        const cause = await firstCause(server, byKey(server, { kid: 'another' }), withKey());
        assert.match(cause, /1\. proved: the kid another is not in the JWKS /);
        assert.equal(cause.endsWith(`: set kid to ${credentials.signingKey.kid}`), true, cause);
      });

      it('names another key under the kid', async () => {
        const cause = await firstCause(server, byKey(server), withKey('other.pem'));
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
        const args = await certificateOf({ ...transportSubject, commonName: 'other.example.my' });
        const known = byCertificate(server, { tls_client_auth_subject_dn: REGISTERED });
        assert.match(
          await firstCause(server, known, args),
          /1\. proved: the transport certificate has another subject .*, CN=other\.example\.my,.* against CN=transport\./,
        );
        assert.match(
          await firstCause(server, byCertificate(server), args),
          /1\. possible: .* registered with another subject than .*, which is CN=other\.example\.my,O=Contoh/,
        );
      });

      it('names the authority of a certificate that this server does not know', async () => {
        const args = await certificateOf(transportSubject, await createCertificateAuthority('Strange Root CA'));
        const cause = await firstCause(server, byCertificate(server), args);
        assert.match(cause, /1\. possible: the server may have ended the handshake .* \(CN=Strange Root CA,/);
      });

      it('names private_key_jwt as not registered where a registered subject says so', async () => {
        const variables = byKey(server, {
          client_id: server.clients.tlsClientAuth.client_id,
          tls_client_auth_subject_dn: REGISTERED,
        });
        const cause = await firstCause(server, variables, withKey());
        assert.match(cause, /1\. possible: .* registered with tls_client_auth, .*: compare token_endpoint_auth_method/);
      });

      it('names tls_client_auth as not registered where a key ID says so', async () => {
        const variables = byKey(server, { token_endpoint_auth_method: 'tls_client_auth' });
        const cause = await firstCause(server, variables, withKey());
        assert.match(cause, /1\. possible: .* registered with private_key_jwt, .*: compare token_endpoint_auth_method/);
      });

      it('says once what three iterations were refused for at two endpoints', async () => {
        const variables = byKey(server, { kid: 'another' });
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
        const { explanation } = await run(server, byKey(server, { kid: 'another' }), [...ONE_REQUEST, ...withKey()]);
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
});
