// What the failed test says in each host when the authorization server refuses the client: the likeliest cause first, what was
// sent, and no assertion. The real server shows it by its behaviour, a recorder by the words of other servers.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { collectionOf, form, postResponse, script } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { type Answer, type Recorder, startRecorder } from '../support/recorder.ts';
import { assertGreen, type Outcome, prepareScriptRuns, token } from '../support/script-runs.ts';

const refusal = (error: string, description?: string, status = 401) => ({
  status,
  body: JSON.stringify({ error, error_description: description }),
});

/** The lines of the one failed test, which the tab Visualize shows too. */
const linesOf = ({ tests, visualization }: Pick<Outcome, 'tests' | 'visualization'>): string[] => {
  assert.deepEqual(
    tests.map(({ name }) => name),
    ['client authentication'],
  );
  const lines = (tests[0]?.error ?? '').replace(/^Error: /, '').split('\n');
  assert.deepEqual(visualization?.data.lines, lines);
  assert.doesNotMatch(lines.join('\n'), /eyJ|PRIVATE KEY/);
  return lines;
};

for (const host of hosts) {
  describe(`the post-response script in ${host.name}, when the server says no,`, () => {
    const { itSends, recorder, settings } = prepareScriptRuns(host);

    const first: [title: string, answer: () => Answer, change: () => object, says: RegExp][] = [
      [
        'names the audience that a server names',
        () => refusal('invalid_client', 'Invalid token audience'),
        () => ({}),
        /another aud than http.*\/token is expected: set client_assertion_audience to issuer/,
      ],
      [
        'names the key that a server names',
        () => refusal('invalid_client', 'Unable to load public key'),
        () => ({}),
        /kid key-1 is not registered, or with another key/,
      ],
      [
        'names the clock that a server names',
        () => refusal('invalid_client', 'JWT is expired', 400),
        () => ({}),
        /the clocks differ: add -?\d+ to clock_offset/,
      ],
      [
        'names the typ that a server asks for',
        () => refusal('invalid_client', 'typ is required in the header of the client assertion'),
        () => ({}),
        /another typ is expected: set client_assertion_typ to client-authentication\+jwt/,
      ],
      [
        'names the typ that a server refuses',
        () => refusal('invalid_client', 'unexpected typ'),
        () => ({ client_assertion_typ: 'client-authentication+jwt' }),
        /another typ is expected: .*, or unset it/,
      ],
      [
        'names the client that a server names',
        () => refusal('invalid_client', 'Client not found'),
        () => ({}),
        /client_id is unknown here/,
      ],
      [
        'names an audience that is none of the usual ones',
        () => refusal('invalid_client'),
        () => ({ client_assertion_audience: 'https://else.example' }),
        /another aud than https:\/\/else\.example is expected/,
      ],
      [
        'names the clock by the date of the answer',
        () => response =>
          response
            .writeHead(401, { date: new Date(Date.now() + 120_000).toUTCString() })
            .end('{"error":"invalid_client"}'),
        () => ({}),
        /the clocks differ: add 1(19|2[0-2]) to clock_offset/,
      ],
      [
        'names a kid that is not in the JWKS',
        () => refusal('invalid_client'),
        () => ({ jwks_uri: `${recorder.origin}/jwks` }),
        /kid key-1 is not registered/,
      ],
      [
        'names the audience first where nothing is known',
        () => refusal('invalid_client'),
        () => ({ jwks_uri: `${recorder.origin}/none` }),
        /another aud/,
      ],
      [
        'reads the page of a proxy',
        () => ({ status: 400, body: '<h1>400 No required SSL certificate was sent</h1>' }),
        () => ({}),
        /another aud/,
      ],
    ];
    for (const [title, answer, change, says] of first) {
      itSends(
        title,
        () => ({
          requests: [token()],
          change: change() as Record<string, unknown>,
          answers: { '/token': answer(), '/jwks': { body: '{"keys":[{"kid":"other"}]}' }, '/none': { status: 404 } },
        }),
        outcome => {
          const lines = linesOf(outcome);
          assert.match(lines[0] ?? '', /^http.*\/token answered 40[01] /);
          assert.match(lines[1] ?? '', says);
          assert.match(
            lines.at(-1) ?? '',
            /^Sent: private_key_jwt, kid=key-1 aud=\S+ iss=client-1, \d+ s old\. The server's clock is -?\d+ s ahead\.$/,
          );
        },
      );
    }

    itSends(
      'shows no assertion that the server quotes, and says what was sent with tls_client_auth',
      () => ({
        requests: [token()],
        change: { token_endpoint_auth_method: 'tls_client_auth' },
        answers: { '/token': refusal('invalid_client', `bad ${'e'.repeat(20)}.${'y'.repeat(20)}.${'z'.repeat(20)}\n`) },
      }),
      outcome => {
        const lines = linesOf(outcome);
        assert.equal(lines[0], `${settings.token_endpoint} answered 401 invalid_client bad [token]?`);
        assert.match(lines.at(-1) ?? '', /^Sent: tls_client_auth\./);
      },
    );

    itSends(
      'knows no difference of the clocks where the answer has no date',
      () => ({
        requests: [token()],
        answers: {
          '/token': response => {
            response.sendDate = false;
            // Later than in the same millisecond.
            setTimeout(() => response.writeHead(401).end('{"error":"invalid_client"}'), 20);
          },
        },
      }),
      outcome => assert.match(linesOf(outcome).at(-1) ?? '', /The server's clock is 0 s ahead\.$/),
    );

    itSends(
      'only shows it, and fails nothing, where fail_on_refusal is false',
      () => ({
        requests: [token()],
        change: { fail_on_refusal: 'false' },
        answers: { '/token': refusal('invalid_client') },
      }),
      outcome => {
        assertGreen(outcome);
        assert.match(String(outcome.visualization?.data.lines), /answered 401 invalid_client/);
      },
    );

    itSends(
      'leaves other errors to the tests of the collection',
      () => ({
        requests: [token()],
        answers: { '/token': refusal('invalid_grant', 'The code has expired', 400) },
      }),
      assertGreen,
    );
  });
}

describe('the failed test at a real authorization server', () => {
  let server: AuthorizationServer;
  let ahead: AuthorizationServer;
  let files: CredentialFiles;
  let jwks: Recorder;

  before(async () => {
    server = await startAuthorizationServer({ audience: 'issuer' });
    ahead = await startAuthorizationServer({ audience: 'issuer', credentials: server.credentials, clockOffset: 1000 });
    files = writeCredentialFiles(server.credentials);
    jwks = await startRecorder();
    jwks.answers.set('/jwks', { body: JSON.stringify({ keys: [server.credentials.signingKey.publicJwk] }) });
  });
  after(async () => {
    files.remove();
    await Promise.all([server, ahead, jwks].map(one => one.close()));
  });

  for (const host of hosts) {
    const run = async (at: AuthorizationServer, change: object, hasCertificate = true) => {
      const { client_id, kid, signingKey } = at.clients.privateKeyJwt;
      const event = [
        { listen: 'prerequest', script: { exec: [script] } },
        { listen: 'test', script: { exec: [postResponse] } },
      ];
      const environment = {
        issuer: at.issuer,
        client_id,
        kid,
        signing_key: signingKey,
        client_assertion_audience: 'issuer',
        ...change,
      };
      const picture = await host.run(
        collectionOf([{ url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) }], { event }),
        { environment, caFile: files.ca, ...(hasCertificate && { clientCertificate: files }) },
      );
      const lines = linesOf(picture);
      assert.doesNotMatch(lines.join('\n'), /NaN|undefined/);
      return lines[1] ?? '';
    };

    it(`names the cause first in ${host.name}`, async () => {
      const found = await Promise.all([
        run(server, { client_assertion_audience: 'token_endpoint' }),
        run(ahead, {}),
        run(server, {}, false),
        run(server, {
          client_assertion_audience: 'https://else.example',
          token_endpoint: server.endpoints.token_endpoint,
        }),
        run(server, { kid: 'wrong', jwks_uri: `${jwks.origin}/jwks` }),
      ]);
      assert.match(
        found[0] ?? '',
        /1\. another aud than .*\/token is expected: set client_assertion_audience to issuer/,
      );
      assert.match(found[1] ?? '', /1\. the clocks differ: add (99\d|100\d) to clock_offset/);
      assert.match(found[2] ?? '', /1\. no transport certificate was sent: see Settings > Certificates/);
      assert.match(found[3] ?? '', /1\. another aud than https:\/\/else\.example is expected/);
      assert.match(found[4] ?? '', /1\. kid wrong is not registered, or with another key/);
    });
  }
});
