// Distinguished names: how they are written, and which are equal.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareNames, toRfc4514 } from '../../../src/cli/client/distinguished-name.ts';

describe('distinguished names', () => {
  it('are written and compared as RFC 4514 says', () => {
    assert.equal(toRfc4514('C=MY\nO=A\\, B\nCN=x + serialNumber=1'), 'CN=x+serialNumber=1,O=A\\, B,C=MY');
    const same: [string, string][] = [
      ['CN=a,O=b', 'cn=a, o=b'],
      ['CN=a\\, b,C=MY', 'CN=a\\2c b,C=MY'],
      ['organizationIdentifier=MY-1,C=MY', '2.5.4.97=#0c044d592d31,C=MY'],
      ['CN=\u00e4', 'CN=\\C3\\A4'],
      ['CN=a+O=b', 'O=b+CN=a'],
    ];
    for (const [one, other] of same) assert.equal(compareNames(one, other), 'same', `${one} and ${other}`);
    assert.equal(compareNames('CN=a,O=b', 'O=b,CN=a'), 'other order');
    assert.equal(compareNames('CN=a,O=b', 'CN=A,O=b'), 'other');
    assert.equal(compareNames('CN=a', 'CN=a,O=b'), 'other');
  });
});
