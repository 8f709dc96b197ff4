// What the built script puts on the wire with tls_client_auth in each host.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { form } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { ASSERTION_TYPE, prepareScriptRuns, token } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with tls_client_auth`, () => {
    const { settings, send, only, assertGreen } = prepareScriptRuns(host);

    it('sends client_id and takes the other two out of the form', async () => {
      const body = form(['grant_type', 'x'], ['client_assertion', 'old'], ['client_assertion_type', ASSERTION_TYPE]);
      const change = { token_endpoint_auth_method: 'tls_client_auth', signing_key: '', kid: '' };
      const run = await send([token({ body })], change);
      assertGreen(run);
      assert.equal(only().body, 'grant_type=x&client_id=client-1');
      assert.deepEqual(run.consoleLines, [
        `client authentication: tls_client_auth at token_endpoint ${settings.token_endpoint}`,
      ]);
    });
  });
}
