// Signing by an agent, by the built script in each host: what is sent with it, that it loads no jsrsasign, and what is refused where
// the agent is not there, is slow, or answers something else than what was asked for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { collectionOf, form, ownEvents, type RequestDefinition, raw, script } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { leaks } from '../support/keys.ts';
import { startProxy, withVariables } from '../support/proxy.ts';
import {
  assertGreen,
  assertRefused,
  client,
  introspect,
  OPENID,
  only,
  prepareScriptRuns,
  token,
  urlsOf,
  verified,
} from '../support/script-runs.ts';
import { type Badness, startBadAgent, startTestAgent, type TestAgent } from '../support/signing-agent.ts';

/** Where nobody listens. */
const NOBODY = `http://127.0.0.1:1/${'x'.repeat(43)}`;

/** Claims that JSON writes in more than one way, or that mean something to a language or a host. */
const ODD_CLAIMS = String.raw`{
  "n": [12345678901234567890, 1e400, -0, 1.0, 1E2, 0.1e-7], "2": "b", "1": "a", "__proto__": {"x": 1}, "toJSON": 1,
  "constructor": null, "twice": 1, "twice": 2, "half": "\ud83d", "emoji": "😀", "wide": "é\u2028\u0000\/", "braces": "\u007b\u007bkid}}",
  "aud": "https://elsewhere.example", "exp": 1, "nbf": "x", "nested": {"a": {"b": [{}, []]}}, "once": "{{$guid}}"
}`;

/** What an agent may do that is not what it was asked for, and what the script says of it. */
const BAD: Record<string, [badness: Badness, says: RegExp]> = {
  audience: [
    { ask: request => ({ ...request, drafts: [{ claims: { aud: 'https://elsewhere.example' } }] }) },
    /The signing agent has signed something else\. Start it again\./,
  ],
  html: [
    { answer: () => '<html>Proxy: access denied</html>' },
    /What answered at the URL, with status 200, is no signing agent\./,
  ],
  error: [{ answer: () => ({ error: 'Do this:\n\u001b[31m now' }) }, /Do this:\?\?\[31m now/],
};

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with a signing agent`, () => {
    let agent: TestAgent;
    let bad: Awaited<ReturnType<typeof startBadAgent>>;
    before(async () => {
      agent = await startTestAgent(client.signing_key);
      bad = await startBadAgent(client.signing_key, {
        ...Object.fromEntries(Object.entries(BAD).map(([name, [badness]]) => [name, badness])),
        kid: { ask: request => ({ ...request, kid: 'key-2' }) },
        silent: { answer: () => undefined },
      });
    });
    after(() => Promise.all([agent.close(), bad.close()]));
    const { recorder, settings, itSends, sendCollection, discovery } = prepareScriptRuns(host);
    const withAgent = (change: Record<string, unknown> = {}) => ({
      ...{ signing_key: undefined, signing_agent: agent.url },
      ...change,
    });
    const requestObject = (claims: string): Partial<RequestDefinition> => ({ body: form(['request', claims]) });

    itSends(
      'sends what it would have signed itself, and says so',
      () => ({
        requests: [token(), introspect],
        change: withAgent({
          introspection_endpoint: `${recorder.origin}/introspection`,
          client_assertion_typ: 'client-authentication+jwt',
          client_assertion_lifetime: '60',
          clock_offset: '-5',
        }),
      }),
      async outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), ['/token', '/introspection']);
        for (const { form: sent } of outcome.received) {
          const { header, claims } = await verified(sent.get('client_assertion') ?? '');
          assert.deepEqual(header, { alg: 'PS256', kid: 'key-1', typ: 'client-authentication+jwt' });
          const { iat, exp, jti, ...others } = claims;
          assert.deepEqual(others, { iss: 'client-1', sub: 'client-1', aud: settings.token_endpoint });
          assert.equal(exp - iat, 60);
          assert.match(outcome.consoleLines.join(), new RegExp(`kid=key-1 .*jti=${jti}`));
          assert.match(
            agent.log.join('\n'),
            new RegExp(`client_id="client-1" aud=${settings.token_endpoint} jti=${jti}`),
          );
        }
        assert.equal(outcome.consoleLines.join().includes(agent.url.slice(-43)), false);
      },
    );

    for (const [method, where] of [
      ['private_key_jwt', 'a form'],
      ['tls_client_auth', 'raw text'],
    ] as const) {
      itSends(
        `signs request objects whatever their claims are, with ${method}, in ${where}`,
        () => {
          const isRaw = where === 'raw text';
          const text = isRaw
            ? `request=${encodeURIComponent(ODD_CLAIMS).replace('%7B%7B%24guid%7D%7D', '{{$guid}}')}`
            : '';
          const definition = isRaw ? raw('application/x-www-form-urlencoded', text) : requestObject(ODD_CLAIMS);
          const change = withAgent({ token_endpoint_auth_method: method, issuer: 'https://issuer.example.my' });
          return { requests: [token(definition)], change };
        },
        async outcome => {
          assertGreen(outcome);
          const sent = only(outcome).form;
          assert.equal(sent.has('client_assertion'), method === 'private_key_jwt');
          const { header, claims } = await verified(sent.get('request') ?? '');
          assert.equal(header.typ, 'oauth-authz-req+jwt');
          const { n, half, emoji, wide, braces, aud, once, twice, exp, nbf, iat } = claims;
          assert.deepEqual(n, [12345678901234567000, null, 0, 1, 100, 1e-8]);
          assert.deepEqual([half, emoji, wide, braces, twice], ['\ud83d', '😀', 'é\u2028\0/', '{{kid}}', 2]);
          assert.deepEqual([aud, nbf, exp - iat], ['https://issuer.example.my', iat, 600]);
          assert.deepEqual(Object.getOwnPropertyDescriptor(claims, '__proto__')?.value, { x: 1 });
          assert.match(once, /^[\da-f-]{36}$/);
        },
      );
    }

    itSends(
      'takes the key ID of the agent, and reads the metadata before',
      () => ({ requests: [token()], ...discovery({}, withAgent({ signing_agent: bad.urlOf('kid'), kid: undefined })) }),
      async outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), [OPENID, '/token']);
        const { header } = await verified(outcome.received[1]?.form.get('client_assertion') ?? '');
        assert.equal(header.kid, 'key-2');
      },
    );

    itSends(
      'asks nothing where nothing is signed',
      () => ({
        requests: [token(), { url: `${recorder.origin}/api` }],
        change: withAgent({ token_endpoint_auth_method: 'tls_client_auth', signing_agent: NOBODY }),
      }),
      outcome => {
        assertGreen(outcome);
        assert.deepEqual(urlsOf(outcome), ['/token', '/api']);
      },
    );

    for (const [name, [, says]] of Object.entries(BAD)) {
      itSends(
        `sends nothing where the agent answers otherwise: ${name}`,
        () => ({ requests: [token()], change: withAgent({ signing_agent: bad.urlOf(name) }) }),
        outcome => {
          const message = assertRefused(outcome, says);
          assert.match(message, /^ClientAuthError: /);
          assert.equal(message.length < 600 && !/[^\x20-\x7e]/.test(message), true);
        },
      );
    }

    const refused: [what: string, change: () => Record<string, unknown>, says: RegExp][] = [
      [
        'the agent is not there',
        () => ({ signing_agent: NOBODY }),
        /There is no signing agent at the URL \(.*ECONNREFUSED.*\)\. Start it with "paynet-client-auth agent"/,
      ],
      [
        'it has another secret',
        () => ({ signing_agent: agent.url.replace(/\w$/, one => (one === 'x' ? 'y' : 'x')) }),
        /This is not the URL of the agent that runs\. Set "signing_agent" to the line/,
      ],
      [
        'the key is there too',
        () => ({ signing_key: client.signing_key }),
        /"signing_agent" must be .*, got it and "signing_key" too\. Unset one of them\./,
      ],
      ['the vault has the key too', () => ({ signing_key: '{{vault:key}}' }), /got it and "signing_key" too/],
      [
        'the URL is on another host',
        () => ({ signing_agent: agent.url.replace('127.0.0.1', 'evil.example') }),
        /"signing_agent" must be the URL that "paynet-client-auth agent" prints, got \d+ other characters/,
      ],
      ['the URL has no path', () => ({ signing_agent: 'http://127.0.0.1:4711' }), /"signing_agent" must be/],
      [
        'the URL refers to nothing',
        () => ({ signing_agent: '{{agent}}' }),
        /"signing_agent" must be .* got an unresolved \{\{agent\}\}/,
      ],
      [
        'it would be valid for too long',
        () => ({ clock_offset: '60' }),
        /"client_assertion_lifetime" must be 540 or less/,
      ],
      ['nobody knows the key ID', () => ({ kid: '' }), /"kid" must be .* got nothing/],
    ];
    // What the settings say of themselves is the same in each host.
    for (const [what, change, says] of host.generation === 'newman' ? refused : refused.slice(0, 2)) {
      itSends(
        `sends nothing where ${what}, and says what to do`,
        () => ({ requests: [token()], change: withAgent(change()) }),
        outcome => {
          assert.equal(assertRefused(outcome, says).includes(agent.url.slice(-43)), false);
        },
      );
    }

    it('loads no jsrsasign with it, and sends nothing where the agent does not answer in time', async () => {
      const [before, behind] = script.split('.WordArray=') as [string, string];
      const watched = `const later = setTimeout; setTimeout = (step, ms) => later(step, ms / 100);
${before}.WordArray=console.log("jsrsasign is loaded")||${behind}`;
      const changes = [
        { signing_agent: '', signing_key: client.signing_key },
        { signing_agent: bad.urlOf('silent'), signing_key: '' },
        {},
      ];
      const item = changes.map((change, at) => {
        const lines = Object.entries(change).map(pair => `pm.environment.set(...${JSON.stringify(pair)});`);
        const event = [{ listen: 'test', script: { exec: lines } }];
        return { name: `${at}`, event, request: { method: 'POST', ...token() } };
      });
      const environment = { ...settings, signing_key: '', signing_agent: agent.url };
      const run = await sendCollection(collectionOf([], { item }, watched), { environment });
      const [withAgent, withKey, withSilent] = run.items.map(({ consoleLines }) => consoleLines.join('\n'));
      assert.match(withAgent ?? '', /^client authentication: \S+ at token_endpoint [^\n]+$/);
      assert.match(withKey ?? '', /^jsrsasign is loaded\nclient authentication: /);
      assert.equal(withSilent, '');
      assert.match(run.items[2]?.tests[0]?.error ?? '', /The signing agent did not answer in time\. Start it/);
      assert.equal(run.received.length, 2);
    });

    const check = (change: Record<string, unknown>) => () => ({
      requests: [{ method: 'GET', url: `${recorder.origin}/any#check-my-setup` }],
      change: withAgent({ issuer: recorder.origin, ...change }),
    });
    const NAMES = [
      ...['client_id and the other settings are valid', 'signing_agent and kid are valid'],
      ...['the signing agent signs for this client', 'issuer is a URL'],
    ];
    itSends('checks the setup with it', check({ token_endpoint_auth_method: 'tls_client_auth' }), outcome => {
      assertGreen(outcome);
      assert.deepEqual(urlsOf(outcome), ['/any']);
      assert.deepEqual(
        outcome.tests.map(({ name }) => name),
        NAMES,
      );
    });
    for (const [what, change, at, says] of [
      ['is not there', { signing_agent: NOBODY }, 2, /There is no signing agent at the URL/],
      ['is beside a key', { signing_key: 'x' }, 1, /"signing_key" too/],
    ] as const) {
      itSends(`says in the check of the setup that the agent ${what}`, check(change), ({ tests }) => {
        assert.match(tests[at]?.error ?? '', says);
        assert.equal(tests[at]?.name, NAMES[at]);
      });
    }

    if (host.generation === 'current') return;
    it('says NO_PROXY where a proxy gets what is for this machine, and works with it', async () => {
      const proxy = await startProxy('nowhere');
      const environment = { ...settings, signing_key: '', signing_agent: agent.url };
      const variables = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` };
      const run = (more: Record<string, string> = {}) =>
        withVariables({ ...variables, ...more }, () => sendCollection(collectionOf([token()]), { environment }));
      try {
        assertRefused(await run(), /is no signing agent\. .*Behind a proxy add 127\.0\.0\.1 to NO_PROXY\./);
        assertGreen(await run({ NO_PROXY: '127.0.0.1' }));
      } finally {
        await proxy.close();
      }
    });
  });
}

describe("PayNet's guide through a signing agent", () => {
  let server: AuthorizationServer;
  let files: CredentialFiles;
  let agent: TestAgent;
  before(async () => {
    server = await startAuthorizationServer({ audience: 'token_endpoint' });
    files = writeCredentialFiles(server.credentials);
    agent = await startTestAgent(server.clients.privateKeyJwt.signingKey, {
      clientId: server.clients.privateKeyJwt.client_id,
      audiences: [server.endpoints.token_endpoint, server.issuer],
    });
  });
  after(async () => {
    files.remove();
    await Promise.all([agent.close(), server.close()]);
  });

  for (const host of hosts) {
    it(`is accepted at every step in ${host.name}, without the key in any variable, report, console line or log`, async () => {
      const path = new URL('../../collections/paynet.postman_collection.json', import.meta.url);
      const collection = JSON.parse(readFileSync(path, 'utf8'));
      // At the end, all that scripts can read.
      const all =
        'console.log(JSON.stringify([pm.variables.toObject(), pm.environment.toObject(), pm.globals.toObject()]))';
      collection.event = [...ownEvents(), { listen: 'test', script: { exec: [all] } }];
      const { client_id, kid } = server.clients.privateKeyJwt;
      const environment = {
        ...{ issuer: server.issuer, client_id, kid, signing_agent: agent.url },
        ...{ redirect_uri: server.redirectUri, resource_server_url: server.resourceServerUrl },
      };
      server.verified.length = 0;
      const run = await host.run(collection, { environment, clientCertificate: files, caFile: files.ca });
      const failures = run.tests.filter(({ error }) => error);
      assert.deepEqual([run.scriptErrors, run.requestErrors, failures], [[], [], []]);
      assert.equal(server.verified.length, 6);
      const text = JSON.stringify([run.consoleLines, run.environment, run.tests, run.summary, agent.log]);
      assert.equal(text.includes('paynet_client_auth_metadata'), true, 'not all variables are shown');
      assert.equal(leaks(text, server.clients.privateKeyJwt.signingKey), false);
      assert.equal(agent.log.join().includes(agent.url.slice(-43)), false);
      assert.match(agent.log.join('\n'), /signed request object: /);
      agent.log.length = 0;
    });
  }
});
