// What the built script puts on the wire with tls_client_auth in each host.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { form } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { ASSERTION_TYPE, assertGreen, only, prepareScriptRuns, token } from '../support/script-runs.ts';

for (const host of hosts) {
  describe(`the pre-request script in ${host.name} with tls_client_auth`, () => {
    const { settings, itSends } = prepareScriptRuns(host);

    itSends(
      'sends client_id and takes the other two out of the form',
      () => ({
        requests: [
          token({
            body: form(['grant_type', 'x'], ['client_assertion', 'old'], ['client_assertion_type', ASSERTION_TYPE]),
          }),
        ],
        change: { token_endpoint_auth_method: 'tls_client_auth', signing_key: '', kid: '' },
      }),
      outcome => {
        assertGreen(outcome);
        assert.equal(only(outcome).body, 'grant_type=x&client_id=client-1');
        assert.deepEqual(outcome.consoleLines, [
          `client authentication: tls_client_auth at token_endpoint ${settings.token_endpoint}`,
        ]);
      },
    );
  });
}
