// What is known about the server without its metadata: the difference of the clocks, and why a connection failed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareClocks } from '../../../src/cli/server/clock.ts';
import { toConnectionCode } from '../../../src/cli/server/connection-faults.ts';
import { NOW } from '../../support/facts.ts';

describe('compareClocks', () => {
  const date = new Date(NOW * 1000).toUTCString();
  const now = NOW * 1000;

  it('compares at half the time between request and answer, and adds half a second for the date', () => {
    assert.equal(compareClocks({ date, sentAt: now, receivedAt: now + 900 }), 0);
    assert.equal(compareClocks({ date, sentAt: now - 8000, receivedAt: now }), 5);
  });

  it('adds the age that a cache says', () => {
    assert.equal(compareClocks({ date, age: '60', sentAt: now, receivedAt: now + 900 }), 60);
  });

  it('is undefined without a date', () => {
    assert.equal(compareClocks({ date: undefined, sentAt: 0, receivedAt: 0 }), undefined);
    assert.equal(compareClocks({ date: 'yesterday', sentAt: 0, receivedAt: 0 }), undefined);
  });
});

describe('toConnectionCode', () => {
  it('adds the TLS alert that only the message has', () => {
    const message = 'write EPROTO 80:error:0A:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../x:1:\n';
    const error = Object.assign(new Error(message), { code: 'EPROTO' });
    assert.equal(toConnectionCode(error), 'EPROTO_ALERT_HANDSHAKE_FAILURE');
  });

  it('is the code of Node otherwise, and "unknown" without one', () => {
    assert.equal(toConnectionCode({ code: 'ECONNRESET' }), 'ECONNRESET');
    assert.equal(toConnectionCode(undefined), 'unknown');
  });
});
