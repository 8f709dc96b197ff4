// The variables of an environment as the command line reads them: as both hosts do, rows that are switched off too.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReader } from '../../../src/cli/client/environment.ts';
import { collectionOf } from '../../support/collections.ts';
import { hosts } from '../../support/hosts.ts';

const values = [
  { key: 'off', value: 'used', enabled: false },
  { key: 'last_off', value: 'first', enabled: true },
  { key: 'last_off', value: 'last', enabled: false },
  { key: 'last_on', value: 'first', enabled: false },
  { key: 'last_on', value: 'last', enabled: true },
  { key: 'disabled', value: 'unused', disabled: true },
  { key: 'last_disabled', value: 'first' },
  { key: 'last_disabled', value: 'last', disabled: true },
  { key: 'reference', value: '{{off}} {{disabled}} {{}}', enabled: false },
];
const names = [...new Set(values.map(({ key }) => key))];

describe('createReader', () => {
  const read = createReader({ name: 'x', values });

  it('uses rows that are switched off, and none that is disabled', () => {
    assert.deepEqual(
      names.map(name => read(name)),
      ['used', 'last', 'last', '', 'first', 'used {{disabled}} {{}}'],
    );
  });

  for (const host of hosts) {
    it(`reads what ${host.name} reads`, async () => {
      const source = `for (const name of ${JSON.stringify(names)}) console.log(pm.variables.replaceIn(pm.variables.get(name) ?? ''));
pm.execution.skipRequest();`;
      const { consoleLines } = await host.run(collectionOf([{ url: 'http://127.0.0.1:1' }], {}, source), {
        environment: values,
      });
      assert.deepEqual(
        consoleLines,
        names.map(name => read(name)),
      );
    });
  }
});
