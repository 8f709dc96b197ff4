// What the built script does in each host with a good key in any disguise, and with every kind of text that is no such key.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCertificateAuthority, transportSubject } from '../../src/demo/certificates.ts';
import { hosts } from '../support/hosts.ts';
import { disguisesOf, leaks, refusalsOf } from '../support/keys.ts';
import { assertGreen, prepareScriptRuns, privateKey, token, verified } from '../support/script-runs.ts';

const { cert } = await (await createCertificateAuthority()).issueClientCertificate(transportSubject);
const disguises = Object.entries(disguisesOf(privateKey, cert));
const refusals = refusalsOf(privateKey, cert);

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with private_key_jwt and`, () => {
    const { send } = prepareScriptRuns(host);

    const sendWith = (keys: string[]) => send([token()], {}, { data: keys.map(signing_key => ({ signing_key })) });

    it('a good key in any disguise signs', async () => {
      const outcome = await sendWith(disguises.map(([, text]) => text));
      assertGreen(outcome);
      assert.equal(outcome.received.length, disguises.length);
      for (const { form: sent } of outcome.received) await verified(sent.get('client_assertion') as string);
    });

    it('a bad key sends nothing and says why, each with a sentence of its own', async () => {
      const run = await sendWith(refusals.map(({ text }) => text));
      assert.deepEqual(run.received, []);
      assert.equal(run.failed, true);
      assert.equal(run.tests.length, refusals.length);
      for (const [index, { title, text, says }] of refusals.entries()) {
        const message = run.tests[index]?.error ?? '';
        assert.match(message, says, title);
        assert.match(message, /^ClientAuthError: "signing_key" must be/, title);
        assert(!leaks(message, text), `the message for ${title} quotes the key`);
      }
      assert.deepEqual(run.consoleLines, []);
    });
  });
}
