// The pre-request script as the last one of its requests, as `inject --last` puts it, in both hosts: it sees what the scripts of
// folders and requests have changed, and replaces it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inject } from '../../src/cli/collection/injection.ts';
import { collectionOf, form, scripts } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import { assertGreen, prepareScriptRuns } from '../support/script-runs.ts';

const before = (...exec: string[]) => ({ listen: 'prerequest', script: { exec } });
const after = (...exec: string[]) => ({ listen: 'test', script: { exec } });
const log = (text: string) => before(`console.log('${text}');`);

for (const host of hosts) {
  describe(`the pre-request script as the last one in ${host.name}`, () => {
    const { recorder, settings, sendCollection } = prepareScriptRuns(host);

    it('runs behind all others of its request, in their order', async () => {
      const token = { method: 'POST', body: form(['grant_type', 'client_credentials']) };
      const assertion = "{ key: 'client_assertion', value: 'made.by.collection' }";
      const item = [
        {
          name: 'Folder',
          event: [log('folder'), before(`pm.variables.set('base', '${recorder.origin}');`)],
          item: [
            {
              name: 'Token',
              event: [
                log('first'),
                after("console.log('test');"),
                before(`pm.request.body.urlencoded.add(${assertion});`),
              ],
              request: { ...token, url: '{{base}}/token' },
            },
          ],
        },
        { name: 'Account', event: [log('account')], request: { method: 'GET', url: `${recorder.origin}/accounts` } },
      ];
      const collection = collectionOf([], { event: [log('collection')], item });
      const injected = JSON.parse(inject(JSON.stringify(collection), scripts, { last: true }));
      const outcome = await sendCollection(injected, { environment: settings });
      assertGreen(outcome);
      assert.deepEqual(
        outcome.consoleLines.map(line => line.replace(/:.*/, '')),
        ['collection', 'folder', 'first', 'client authentication', 'test', 'collection', 'account'],
      );
      assert.deepEqual(
        outcome.received.map(({ url, form }) => [url, form.getAll('client_assertion').length]),
        [
          ['/token', 1],
          ['/accounts', 0],
        ],
      );
      assert.doesNotMatch(outcome.received[0]?.body ?? '', /made\.by\.collection/);
    });
  });
}
