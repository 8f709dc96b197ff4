// What holds when a script of the collection has redefined what the language or `pm` gives: a table for both hosts. Such a
// script could as well read the key, so this is no defence against a hostile one; it shows that a careless one does not
// make a request leave without authentication, and where that can't be held.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { compactVerify } from 'jose';
import { collectionOf, form, script } from '../support/collections.ts';
import { type Host, hosts, type Picture } from '../support/hosts.ts';
import { createRsaKey, leaks, toPkcs8 } from '../support/keys.ts';
import { type Received, type Recorder, startRecorder } from '../support/recorder.ts';

type Outcome =
  | 'authenticated'
  | 'authenticated, run red'
  | 'refused'
  | 'not sent, run green'
  | 'not sent, run red'
  | 'sent without authentication, run red';

/** What a redefinition leads to for the request after it, where changes of `pm` have ended, and in front in the same script. */
type Row = [redefinition: string, after: Outcome | undefined, inFront: Outcome | Record<Host['generation'], Outcome>];

const fine = 'authenticated';
const anError = '() => { throw new Error("x"); }';

/** What lasts, with settings that are right. Undefined where it breaks the host before the next script begins. */
const lasting: Row[] = [
  [`JSON.stringify = ${anError}`, 'refused', 'refused'],
  ['JSON.stringify = () => undefined', 'refused', 'refused'],
  ['JSON.parse = () => ({})', fine, fine],
  ['Date.now = () => 0', 'refused', 'refused'],
  ['Date.now = () => "now"', 'refused', 'refused'],
  ['Math.random = () => 0', fine, fine],
  [`Math.random = ${anError}`, undefined, fine],
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
  ['BigInt.prototype.toString = () => "0"', 'refused', 'refused'],
  ['BigInt.prototype.toJSON = function () { return this.toString(); }', fine, fine],
  ['console.log = () => {}', fine, fine],
  [`console.log = ${anError}`, fine, 'refused'],
  ['navigator = {}; window = {}; CryptoJS = KJUR = BigInteger = RSAKey = {}', fine, fine],
];

/** Names that are bound anew, and members of `pm`: they are gone with the script. */
const gone: Row[] = [
  ['JSON = {}', fine, 'refused'],
  ['Date = class {}', fine, 'refused'],
  ['Math = {}', fine, 'refused'],
  ['Promise = class {}', fine, fine],
  [`BigInt = ${anError}`, fine, 'refused'],
  ['BigInt = () => 0n', fine, 'refused'],
  ['Uint8Array = Array', fine, fine],
  ['Error = class {}', fine, fine],
  ['setTimeout = () => {}', fine, fine],
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

/**
 * Puts back what a redefinition before has changed, and forgets what was discovered: one run has all redefinitions that the host
 * can go on after.
 */
const RESTORE = `if (!String.restore) {
  const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect;
  const owners = [JSON, Date, Math, Object];
  for (const { prototype } of [Promise, String, RegExp, Array, Object, BigInt]) owners.push(prototype);
  const kept = owners.map(owner => ownKeys(owner).map(key => [key, getOwnPropertyDescriptor(owner, key)]));
  const restore = () => {
    for (let i = 0; i < owners.length; i++) {
      for (const key of ownKeys(owners[i])) if (!kept[i].some(one => one[0] === key)) deleteProperty(owners[i], key);
      for (const one of kept[i]) defineProperty(owners[i], one[0], one[1]);
    }
  };
  defineProperty(String, 'restore', { value: restore });
}
String.restore();
pm.variables.clear();`;

/** The same token request twice for each redefinition: behind it in one script, and after it. */
const itemsFor = (redefinitions: string[]): object[] => {
  const request = { method: 'POST', url: '{{url}}', body: form(['grant_type', 'client_credentials']) };
  const toEvent = (listen: string, source: string) => ({ listen, script: { exec: source.split('\n') } });
  const header = [{ key: 'Content-Type', value: '{{type_in_front}}' }];
  return redefinitions.flatMap(redefinition => [
    {
      name: 'in front',
      request: { ...request, url: '{{token_endpoint}}', header },
      event: [toEvent('prerequest', RESTORE), toEvent('prerequest', `${redefinition};\n${script}`)],
    },
    { name: 'after', request, event: [toEvent('prerequest', script)] },
  ]);
};

const outcomeOf = async ({ failed, tests, errors, consoleLines }: Picture, received: Received[]): Promise<string> => {
  const shown = [...errors.map(String), ...tests.map(test => test.error), ...consoleLines].join('\n');
  assert.equal(leaks(shown, pem), false, 'key material is shown');
  const color = failed ? 'run red' : 'run green';
  const [sent, ...more] = received.filter(({ url }) => url === '/token');
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

for (const host of hosts) {
  describe(`a script of the collection that redefines what ours uses, in ${host.name}`, () => {
    let recorder: Recorder;
    before(async () => {
      recorder = await startRecorder();
      const document = { issuer: recorder.origin, token_endpoint: `${recorder.origin}/token` };
      recorder.answers.set('/.well-known/openid-configuration', { body: JSON.stringify(document) });
    });
    after(() => recorder.close());

    type Outcomes = { inFront: string; after: string; afterWithDiscovery: string };
    /**
     * Runs redefinitions one after another: in front of a request, before another one, and before one that needs discovery.
     *
     * @param canGoOn whether the host can go on with what comes after; if not, only the request in front is run
     */
    const run = async (redefinitions: string[], change: Record<string, string>, canGoOn: boolean) => {
      const { origin } = recorder;
      const byHand = {
        type_in_front: 'application/x-www-form-urlencoded',
        ...{ url: '{{token_endpoint}}', token_endpoint: `${origin}/token`, issuer: '' },
      };
      // The request in front is no form here, and refused: it would ask for the metadata itself.
      const byMetadata = {
        type_in_front: 'application/json',
        ...{ url: `${origin}/token`, token_endpoint: '', issuer: origin },
      };
      const items = itemsFor(redefinitions);
      const places: number[] = [];
      const result = await host.run(collectionOf([], { event: [], item: canGoOn ? items : items.slice(0, 1) }), {
        environment: { client_id: 'client-1', kid: 'key-1', signing_key: pem, ...change },
        data: canGoOn ? [byHand, byMetadata] : [byHand],
        onItem: () => places.push(recorder.requests.length),
      });
      // Where there is one request, what comes of the run comes of it.
      const pictures = canGoOn ? result.items : [result];
      const seen = await Promise.all(
        pictures.map((picture, index) => outcomeOf(picture, recorder.requests.slice(places[index], places[index + 1]))),
      );
      const outcomes = redefinitions.map((redefinition, index): [string, Outcomes] => {
        const [inFront = '', after = ''] = seen.slice(2 * index);
        const [, afterWithDiscovery = ''] = seen.slice(2 * (redefinitions.length + index));
        return [redefinition, { inFront, after, afterWithDiscovery }];
      });
      return new Map(outcomes);
    };

    /** Declares the tests of rows that are run together. */
    const declare = (rows: Row[], change: Record<string, string> = {}) => {
      let outcomes: ReturnType<typeof run> | undefined;
      const outcomesOf = async (redefinition: string) => {
        const canGoOn = rows.every(([, after]) => after !== undefined);
        outcomes ??= run(
          rows.map(([one]) => one),
          change,
          canGoOn,
        );
        return (await outcomes).get(redefinition) as Outcomes;
      };
      for (const [redefinition, after, front] of rows) {
        const inFront = typeof front === 'string' ? front : front[host.generation];
        it(`${redefinition}, in front: ${inFront}`, async () => {
          assert.equal((await outcomesOf(redefinition)).inFront, inFront);
        });
        if (!after) continue;
        it(`${redefinition}, in a request before: ${after}`, async () => {
          assert.equal((await outcomesOf(redefinition)).after, after);
        });
        // What can't be read is refused.
        const withDiscovery = /^JSON.parse|split/.test(redefinition) ? 'refused' : after;
        it(`${redefinition}, in a request before one with discovery: ${withDiscovery}`, async () => {
          assert.equal((await outcomesOf(redefinition)).afterWithDiscovery, withDiscovery);
        });
      }
    };

    describe('with settings that are right', () => {
      for (const row of lasting.filter(([, after]) => !after)) declare([row]);
      declare(lasting.filter(([, after]) => after));
      declare(gone);
    });
    describe('with settings that are refused', () => declare(refusals, { kid: '' }));
  });
}
