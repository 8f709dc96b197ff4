// What holds when a script of the collection has redefined what the language or `pm` gives: a table for both hosts. Such a
// script could as well read the key, so this is no defence against a hostile one; it shows that a careless one does not
// make a request leave without authentication, and where that can't be held.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { compactVerify } from 'jose';
import { collectionOf, form, script } from '../support/collections.ts';
import { hosts, type Run } from '../support/hosts.ts';
import { createRsaKey, leaks, toPkcs8 } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';

type Outcome =
  | 'authenticated'
  | 'authenticated, run red'
  | 'refused'
  | 'not sent, run green'
  | 'not sent, run red'
  | 'sent without authentication, run red';

/** What the same redefinition leads to in a request before, where changes of `pm` end, and in front in the same event. */
type Row = [redefinition: string, inRequestBefore: Outcome | undefined, inFront: Outcome | Record<Generation, Outcome>];
type Generation = (typeof hosts)[number]['generation'];

const fine = 'authenticated';
const anError = '() => { throw new Error("x"); }';

/** With settings that are right. Undefined where the redefinition breaks the host before the script begins. */
const table: Row[] = [
  [`JSON.stringify = ${anError}`, 'refused', 'refused'],
  ['JSON.stringify = () => undefined', 'refused', 'refused'],
  ['JSON.parse = () => ({})', fine, fine],
  ['JSON = {}', fine, 'refused'],
  ['Date.now = () => 0', 'refused', 'refused'],
  ['Date.now = () => "now"', 'refused', 'refused'],
  ['Date = class {}', fine, 'refused'],
  ['Math.random = () => 0', fine, fine],
  [`Math.random = ${anError}`, undefined, { newman: 'refused', current: fine }],
  ['Math = {}', fine, 'refused'],
  ['Promise = class {}', fine, fine],
  [
    'const then = Promise.prototype.then; Promise.prototype.then = function (...a) { return then.apply(this, a); }',
    fine,
    fine,
  ],
  ['Promise.prototype.then = () => {}', undefined, { newman: fine, current: 'authenticated, run red' }],
  ['String.prototype.replace = () => ""', 'refused', 'refused'],
  ['String.prototype.includes = () => false', 'refused', 'refused'],
  ['String.prototype.trim = () => ""', 'refused', 'refused'],
  ['String.prototype.toUpperCase = () => ""', undefined, fine],
  ['String.prototype.toLowerCase = () => ""', 'refused', 'refused'],
  ['RegExp.prototype.test = () => false', 'refused', 'refused'],
  ['RegExp.prototype.exec = () => null', 'refused', 'refused'],
  ['Array.prototype.find = () => undefined', 'refused', 'refused'],
  ['Array.prototype.filter = () => []', fine, fine],
  ['Array.prototype.map = () => []', undefined, 'refused'],
  ['Array.prototype.last = function () { return this[this.length - 1]; }', fine, fine],
  ['Object.prototype.extra = 1', fine, fine],
  ['Object.keys = Object.entries = () => []', fine, fine],
  ['Object.keys = () => [1]', fine, fine],
  // The host itself can't read a URL then.
  ['String.prototype.split = () => ["x"]', 'not sent, run red', 'not sent, run red'],
  [`BigInt = ${anError}`, fine, 'refused'],
  ['BigInt = () => 0n', fine, 'refused'],
  ['BigInt.prototype.toString = () => "0"', 'refused', 'refused'],
  ['BigInt.prototype.toJSON = function () { return this.toString(); }', fine, fine],
  ['Uint8Array = Array', fine, { newman: fine, current: 'refused' }],
  ['Error = class {}', fine, fine],
  ['setTimeout = () => {}', fine, fine],
  ['console.log = () => {}', fine, fine],
  [`console.log = ${anError}`, fine, 'refused'],
  ['navigator = {}; window = {}; CryptoJS = KJUR = BigInteger = RSAKey = {}', fine, fine],
  ['pm.variables.get = () => undefined', fine, 'refused'],
  ['pm.variables.replaceIn = () => undefined', fine, 'refused'],
  ['pm.variables.replaceIn = text => text', fine, 'refused'],
  ['pm.sendRequest = () => {}', fine, fine],
  ['pm.test = Object.assign(() => {}, pm.test)', fine, fine],
  ['pm.execution.skipRequest = () => {}', fine, fine],
  ['pm = {}', fine, 'sent without authentication, run red'],
];

/** With settings that the script refuses: it has nothing but these two of `pm` to do so. */
const refusals: Row[] = [
  ['void 0', 'refused', 'refused'],
  ['Promise = class {}', 'refused', 'refused'],
  ['Error = class {}', 'refused', 'refused'],
  ['pm.test = Object.assign(() => {}, pm.test)', 'refused', 'not sent, run green'],
  [
    'pm.execution.skipRequest = () => {}',
    'refused',
    { newman: 'sent without authentication, run red', current: 'refused' },
  ],
];

const { privateKey, publicKey } = createRsaKey();
const pem = toPkcs8(privateKey);
const body = form(['grant_type', 'client_credentials']);
const request = { method: 'POST', url: '{{token_endpoint}}', body };

const afterRequest = (redefinition: string, url = '{{token_endpoint}}'): object => {
  const event = [{ listen: 'test', script: { exec: [redefinition] } }];
  const earlier = { name: 'earlier', request: { method: 'GET', url: '{{origin}}/earlier' }, event };
  return collectionOf([], { item: [earlier, { name: 'token', request: { ...request, url } }] });
};
const inFront = (redefinition: string): object => collectionOf([request], {}, `${redefinition};\n${script}`);

for (const host of hosts) {
  describe(`a script of the collection that redefines what ours uses, in ${host.name}`, () => {
    let recorder: Recorder;
    before(async () => {
      recorder = await startRecorder();
    });
    after(() => recorder.close());
    beforeEach(() => {
      recorder.requests.length = 0;
    });

    const run = (collection: object, change: Record<string, string> = {}): Promise<Run> => {
      const { origin } = recorder;
      const settings = { client_id: 'client-1', kid: 'key-1', signing_key: pem, token_endpoint: `${origin}/token` };
      return host.run(collection, { environment: { origin, ...settings, ...change } });
    };

    const outcomeOf = async ({ failed, tests, errors, consoleLines }: Run): Promise<Outcome | string> => {
      const shown = [...errors.map(String), ...tests.map(test => test.error), ...consoleLines].join('\n');
      assert.equal(leaks(shown, pem), false, 'key material is shown');
      const color = failed ? 'run red' : 'run green';
      const [sent, ...more] = recorder.requests.filter(({ url }) => url === '/token');
      assert.equal(more.length, 0);
      if (!sent) {
        return failed && tests.some(test => test.name === 'client authentication') ? 'refused' : `not sent, ${color}`;
      }
      const assertion = sent.form.get('client_assertion');
      if (!assertion) return `sent without authentication, ${color}`;
      const { payload } = await compactVerify(assertion, publicKey, { algorithms: ['PS256'] });
      const { iat } = JSON.parse(new TextDecoder().decode(payload));
      assert.equal(Math.abs(Date.now() / 1000 - iat) < 60, true, `issued at ${iat}`);
      return failed ? `authenticated, ${color}` : 'authenticated';
    };

    const declare = (rows: Row[], change: Record<string, string> = {}) => {
      for (const [redefinition, before, front] of rows) {
        if (before) {
          it(`${redefinition}, in a request before: ${before}`, async () => {
            assert.equal(await outcomeOf(await run(afterRequest(redefinition), change)), before);
          });
        }
        const expected = typeof front === 'string' ? front : front[host.generation];
        it(`${redefinition}, in front: ${expected}`, async () => {
          assert.equal(await outcomeOf(await run(inFront(redefinition), change)), expected);
        });
      }
    };

    describe('with settings that are right', () => declare(table));
    describe('with settings that are refused', () => declare(refusals, { kid: '' }));
    describe('with an endpoint that only the metadata tells', () => {
      for (const [redefinition, withVariables] of table) {
        // What can't be read is refused.
        const before = /^JSON.parse|split/.test(redefinition) ? 'refused' : withVariables;
        if (!before) continue;
        it(`${redefinition}, in a request before: ${before}`, async () => {
          const { origin } = recorder;
          const document = { issuer: origin, token_endpoint: `${origin}/token` };
          recorder.answers.set('/.well-known/openid-configuration', { body: JSON.stringify(document) });
          const collection = afterRequest(redefinition, `${origin}/token`);
          assert.equal(await outcomeOf(await run(collection, { issuer: origin, token_endpoint: '' })), before);
        });
      }
    });
  });
}
