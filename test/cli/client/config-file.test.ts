// The text of `paynet-client-auth.json`: paths relative to it, and each fault with its file and line.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/cli/client/config-file.ts';

describe('the config file', () => {
  it('has paths that are relative to it, or absolute', () => {
    const absolute = resolve('keys/transport.pem');
    const text = JSON.stringify({ environment: 'env.json', signingKey: '../signing.pem', sslClientCert: absolute });
    assert.deepEqual(parseConfig(`\uFEFF${text}`, 'sub/paynet-client-auth.json'), {
      environment: 'sub/env.json',
      signingKey: 'signing.pem',
      sslClientCert: absolute,
    });
    assert.deepEqual(parseConfig('{}', 'paynet-client-auth.json'), {});
  });

  const pem = `-----BEGIN PRIVATE KEY-----${'A'.repeat(40)}`;
  const faults: [string, string, RegExp][] = [
    [
      'no JSON',
      '{\n  "environment": "env.json",\n  signingKey: "x"\n}',
      /^c\.json, line 3: not JSON: invalid symbol\./,
    ],
    ['a comma too many', '{\n  "environment": "env.json",\n}', /^c\.json, line 3: not JSON: property name expected\./],
    ['a comment', '{\n  // x\n}', /^c\.json, line 2: not JSON: invalid comment token\./],
    ['nothing', '', /^c\.json, line 1: not JSON: value expected\./],
    ['an array', '["env.json"]', /^c\.json, line 1: must be an object with paths/],
    [
      'an unknown member',
      '{\n  "environment": "env.json",\n  "sslClientPassphrase": "hunter2"\n}',
      /^c\.json, line 3: must have the members environment, .*, sslExtraCaCerts alone, got "sslClientPassphrase"\. Correct/,
    ],
    ['a member of all objects', '{"__proto__": "x", "constructor": "x"}', /got "__proto__"/],
    ['a member twice', '{"signingKey": "a",\n"signingKey": "b"}', /^c\.json, line 2: "signingKey" is there twice/],
    ['an empty path', '{"signingKey": ""}', /"signingKey" must be the path of a file, got nothing\./],
    [
      'a path that is no text',
      '{"signingKey":\n 1}',
      /"signingKey" must be the path of a file, got a value of type number/,
    ],
    ['a key in the place of its path', JSON.stringify({ signingKey: pem }), /got 67 characters of text\./],
    ['a JWK in the place of its path', JSON.stringify({ signingKey: '{"kty":"RSA"}' }), /got 13 characters of text\./],
  ];
  for (const [title, text, says] of faults) {
    it(`with ${title} is refused with its name and the line`, () => {
      assert.throws(
        () => parseConfig(text, 'c.json'),
        ({ message }: Error) => {
          assert.match(message, says);
          assert.doesNotMatch(message, /hunter2|AAAA|RSA/);
          return true;
        },
      );
    });
  }
});
