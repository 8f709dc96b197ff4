// The signing key in the vault of the app, and secure variables that scripts may not read, in each host: what is sent with them, and
// what is refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectionOf, form, script } from '../support/collections.ts';
import { hosts, newmanHost, type RunOptions, runtimeHost } from '../support/hosts.ts';
import { leaks } from '../support/keys.ts';
import {
  assertGreen,
  assertRefused,
  client,
  introspect,
  OPENID,
  prepareScriptRuns,
  privateKey,
  token,
  urlsOf,
  verified,
} from '../support/script-runs.ts';

const inVault = { signing_key: '{{vault:bank key}}' };
const byCertificate = { token_endpoint_auth_method: 'tls_client_auth' };
const requestObject = form(['request', '{"scope":"accounts"}']);

/** A vault that holds the key of the client, or something else under its name, and counts how often it was asked. */
const createVault = (secrets: Record<string, string> = { 'bank key': client.signing_key }) => {
  const vault = { asked: 0, secrets, allow: async () => ++vault.asked > 0 };
  return vault;
};

/** The private key as a JWK with its key ID. */
const toJwk = () => JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'in-jwk' });

describe(`the pre-request script in ${runtimeHost.name}, with the signing key in the vault,`, () => {
  const { recorder, settings, send, sendCollection, discovery } = prepareScriptRuns(runtimeHost);
  const introspection = () => ({ introspection_endpoint: `${recorder.origin}/introspection` });

  it('signs with it, names it by a variable too, and leaves it nowhere', async () => {
    const listAll = 'console.log(JSON.stringify([pm.variables.toObject(), pm.environment.toObject()]))';
    const event = [
      { listen: 'prerequest', script: { exec: [script] } },
      { listen: 'test', script: { exec: [listAll] } },
    ];
    const change = { ...inVault, ...introspection(), mine: '{{vault:bank key}}' };
    const run = await send([token(), introspect], change, { vault: createVault(), collection: { event } });
    const other = await send([token()], { ...change, signing_key: ' {{mine}}' }, { vault: createVault() });
    assertGreen(run);
    assertGreen(other);
    assert.deepEqual(urlsOf(run), ['/token', '/introspection']);
    for (const { form: sent } of [...run.received, ...other.received])
      await verified(sent.get('client_assertion') ?? '');
    const text = JSON.stringify([run.consoleLines, run.environment, run.tests, other.consoleLines]);
    assert.match(text, /paynet_client_auth_trace/);
    assert.equal(leaks(text, client.signing_key), false);
  });

  it('takes a JWK with its kid, and signs request objects, with tls_client_auth too', async () => {
    const change = { ...inVault, ...introspection(), kid: '', issuer: recorder.origin };
    const vault = createVault({ 'bank key': toJwk() });
    const run = await send([{ ...introspect, body: requestObject }], change, { vault });
    const other = await send([token({ body: requestObject })], { ...change, ...byCertificate }, { vault });
    for (const outcome of [run, other]) {
      assertGreen(outcome);
      const { header } = await verified(outcome.received[0]?.form.get('request') ?? '');
      assert.equal(header.kid, 'in-jwk');
    }
  });

  it('waits for the metadata and for the vault', async () => {
    const { answers, change } = discovery();
    const run = await send([token(), introspect], { ...change, ...inVault }, { answers, vault: createVault() });
    assertGreen(run);
    assert.deepEqual(urlsOf(run), [OPENID, '/token', '/introspection']);
    for (const { form: sent } of run.received.slice(1)) await verified(sent.get('client_assertion') ?? '');
  });

  it('does not ask the vault where nothing is signed, or something else is wrong', async () => {
    const vault = createVault();
    assertGreen(await send([token()], { ...inVault, ...byCertificate }, { vault }));
    assertRefused(await send([token()], { ...inVault, client_id: '' }, { vault }), /"client_id" must be/);
    assert.equal(vault.asked, 0);
  });

  const refusals: [title: string, options: () => RunOptions, says: RegExp][] = [
    [
      'access is denied',
      () => ({ vault: { ...createVault(), allow: async () => false } }),
      /got \{\{vault:bank key\}\}, and access was denied\. Turn on "Enable support in scripts"/,
    ],
    ['there is no vault behind it', () => ({}), /got \{\{vault:bank key\}\}, and access was denied\./],
    [
      'it has no such secret',
      () => ({ vault: createVault({ other: client.signing_key }) }),
      /got \{\{vault:bank key\}\}, which is not in the vault\. Add it there\. For Postman CLI set the key itself\./,
    ],
    [
      'the secret is a damaged key',
      () => ({ vault: createVault({ 'bank key': client.signing_key.slice(30) }) }),
      /got a t/,
    ],
    [
      'the secret is a reference',
      () => ({ vault: createVault({ 'bank key': '{{vault:x}}' }) }),
      /an unresolved \{\{vault:x/,
    ],
  ];
  for (const [title, options, says] of refusals) {
    it(`refuses when ${title}`, async () => {
      assertRefused(await send([token()], inVault, options()), says);
    });
  }

  it('refuses when access is denied after the metadata was read', async () => {
    const { answers, change } = discovery();
    const vault = { ...createVault(), allow: async () => false };
    const run = await send([token()], { ...change, ...inVault }, { answers, vault });
    assertRefused(run, /and access was denied/, [OPENID]);
  });

  it('refuses when the vault never answers', async () => {
    const quick = `const later = setTimeout; setTimeout = (step, ms) => later(step, ms / 1000);\n${script}`;
    const vault = { ...createVault(), allow: () => new Promise<boolean>(() => {}) };
    const environment = { ...settings, ...inVault };
    const run = await sendCollection(collectionOf([token()], {}, quick), { environment, vault });
    assertRefused(run, /got \{\{vault:bank key\}\}, and no answer in 60 s\. Send again, and grant access\./);
  });

  it('checks the setup with it', async () => {
    const url = `${recorder.origin}/any#check-my-setup`;
    const change = { ...inVault, issuer: recorder.origin };
    const run = (vault: RunOptions['vault']) => send([{ method: 'GET', url }], change, vault && { vault });
    const [good, bad] = [await run(createVault()), await run(createVault({}))];
    assertGreen(good);
    assert.deepEqual(
      bad.tests.map(({ name, error }) => [name, error?.replace(/.*(which is not in the vault).*/, '$1')]),
      [
        ['client_id and the other settings are valid', undefined],
        ['signing_key and kid can sign', 'which is not in the vault'],
        ['issuer is a URL', undefined],
      ],
    );
    assert.equal(good.tests.length, 3);
    assert.deepEqual(urlsOf(bad), ['/any']);
  });

  it('keeps the rule for unresolved references elsewhere', async () => {
    const vault = createVault();
    assertRefused(
      await send([token()], { kid: '{{vault:bank key}}' }, { vault }),
      /"kid" must be .* \{\{vault:bank key\}\}/,
    );
    const body = form(['scope', '{{vault:bank key}}']);
    assertRefused(await send([token({ body })], {}, { vault }), /The form holds an unresolved \{\{vault:bank key\}\}/);
  });
});

describe(`the pre-request script in ${newmanHost.name}, with the signing key in the vault,`, () => {
  const { settings, send, sendCollection } = prepareScriptRuns(newmanHost);

  it('says that there is none', async () => {
    const says = /got \{\{vault:bank key\}\}, and only the Postman app has a vault\. Set the key itself\./;
    assertRefused(await send([token()], inVault), says);
  });

  it('says so where the host gives null, as Postman CLI does', async () => {
    const environment = { ...settings, ...inVault };
    const likeCli = `pm.vault = { get: () => null };\n${script}`;
    const run = await sendCollection(collectionOf([token()], {}, likeCli), { environment });
    assertRefused(run, /which is not in the vault\. Add it there\. For Postman CLI set the key itself\./);
  });
});

for (const host of hosts) {
  describe(`the pre-request script in ${host.name}, with secure variables,`, () => {
    const { recorder, settings, sendCollection } = prepareScriptRuns(host);
    /** Runs a request with the named variable as a secure one. */
    const run = (name: string, allowedInScript: boolean, change: object = {}, request = token()) => {
      const all: Record<string, unknown> = { ...settings, ...change };
      const rows = Object.entries(all).map(([key, value]) =>
        key === name ? { key, secret: true, source: {}, enabled: true } : { key, value, enabled: true },
      );
      const secure = { [name]: { resolvedValue: String(all[name]), allowedInScript } };
      return sendCollection(collectionOf([request]), { environment: rows, secure });
    };

    it('says which one scripts may not read', async () => {
      for (const name of ['signing_key', 'client_id', 'kid', 'token_endpoint']) {
        const says = new RegExp(
          `Error: "${name}" is a secure variable that scripts may not read\\. Allow scripts to use it, or `,
        );
        assertRefused(await run(name, false), says);
      }
    });

    it('says so of one that a variable refers to', async () => {
      const change = { signing_key: '{{mine}}', mine: client.signing_key };
      assertRefused(await run('mine', false, change), /"mine" is a secure variable that scripts may not read/);
    });

    it('lets nothing of OAuth go to a URL that only the host knows', async () => {
      const request = token({ url: '{{base}}/token' });
      const outcome = await run('base', false, { base: recorder.origin }, request);
      assertRefused(outcome, /The URL holds an unresolved \{\{ base \}\}/);
    });

    it('still says of an empty one that there is nothing', async () => {
      const environment = { ...settings, signing_key: '' };
      assertRefused(await sendCollection(collectionOf([token()]), { environment }), /got nothing\. Paste the key/);
    });

    if (host.generation === 'current') {
      it('works with one that scripts may read', async () => {
        const outcome = await run('signing_key', true);
        assertGreen(outcome);
        await verified(outcome.received[0]?.form.get('client_assertion') ?? '');
      });
    }
  });
}
