// Where the random bytes of an assertion come from in the hosts, by what the built script puts on the wire: the jti, and
// the salt, which is read from the signature. A script of the collection in front of ours takes the sources into its hand; what it
// changes of a built-in stays for the requests after it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hedgedRandomBytes, uuidv4 } from '../../src/client-auth/random.ts';
import { form, script } from '../support/collections.ts';
import { type Host, hosts } from '../support/hosts.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { readSalt } from '../support/pss-salt.ts';
import { startRecorder } from '../support/recorder.ts';

const key = createRsaKey();
const otherKey = createRsaKey();

type Setting = {
  /** The script in front of ours. */
  before: string;
  keys?: typeof key;
  requests?: number;
  iterations?: number;
  /** A test script of every request. */
  test?: string;
  /** Whether the script in front of ours is there in the first request of each iteration alone. */
  isInFirstAlone?: boolean;
};

/** What the assertions of a run hold, one after another. */
const send = async (host: Host, setting: Setting) => {
  const { before, keys = key, requests = 1, iterations = 1, test = '', isInFirstAlone = false } = setting;
  const recorder = await startRecorder();
  const eventOf = (listen: string, text: string) => ({ listen, script: { exec: text.split('\n') } });
  const collection = {
    info: { name: 'random', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    event: [eventOf('prerequest', isInFirstAlone ? '' : before), eventOf('test', test)],
    item: Array.from({ length: requests }, (_, index) => ({
      id: `item-${index}`,
      name: `request ${index}`,
      event: [eventOf('prerequest', isInFirstAlone && index === 0 ? before : ''), eventOf('prerequest', script)],
      request: { method: 'POST', url: '{{token_endpoint}}', body: form(['a', 'b']) },
    })),
  };
  const environment = {
    client_assertion_audience: 'https://as.example.my',
    token_endpoint: `${recorder.origin}/token`,
    client_id: 'c',
    kid: 'k',
    signing_key: toPkcs8(keys.privateKey),
  };
  const run = await host.run(collection, { environment, iterations });
  await recorder.close();
  assert.deepEqual([run.tests, run.scriptErrors], [[], []]);
  return recorder.requests.map(request => {
    const assertion = request.form.get('client_assertion') as string;
    const { jti, iat } = JSON.parse(Buffer.from(assertion.split('.')[1] as string, 'base64url').toString());
    return { jti: jti as string, iat: iat as number, salt: readSalt(assertion, keys.publicKey) };
  });
};
type Sent = Awaited<ReturnType<typeof send>>;

/** That no jti and no salt comes twice. */
const assertAllDiffer = (sent: Sent, count: number) => {
  assert.equal(sent.length, count);
  assert.equal(new Set(sent.map(({ jti }) => jti)).size, count, 'a jti comes twice');
  assert.equal(new Set(sent.map(({ salt }) => salt)).size, count, 'a salt comes twice');
};

const NOW = 1_800_000_000_000;
/** Clock, Math.random and the generator of the host, if it has one, are stopped, for all scripts that follow. */
const FROZEN = `Date.now = Date.prototype.getTime = Date.prototype.valueOf = () => ${NOW};
  Math.random = () => 0.5;
  if (typeof crypto === 'object') crypto.getRandomValues = array => array.fill(7);`;
/** And the last source that moves: then the key alone is unknown. */
const ALL_KNOWN = `${FROZEN}
  const scope = Object.getPrototypeOf(pm.variables);
  scope.realReplaceIn ??= scope.replaceIn;
  scope.replaceIn = function (text) { return text === '{{$randomUUID}}' ? 'known' : this.realReplaceIn(text); };`;

/** Generators that a script may have put into the place of that of the host. */
const REPLACED: Record<string, string> = {
  'fills with one number': 'crypto.getRandomValues = array => array.fill(7)',
  'fills with nothing': 'crypto.getRandomValues = array => array',
  throws: 'crypto.getRandomValues = () => { throw new Error("x"); }',
  'is no function': 'crypto.getRandomValues = 5',
  'is a getter that throws': 'Object.defineProperty(crypto, "getRandomValues", { get() { throw new Error("x"); } })',
};

for (const host of hosts) {
  describe(`random bytes in ${host.name}`, () => {
    /** What somebody computes who knows all of it, with the key that he has. */
    const predict = ({ privateKey }: typeof key) => {
      const sha256 = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
      const prime = Buffer.from(privateKey.export({ format: 'jwk' }).p as string, 'base64url').toString('hex');
      const randomValues = host.generation === 'newman' ? '' : Array(32).fill(7).join();
      const draws = Array(4).fill((0.5).toString(36));
      const entropy = [NOW, 'item-0 0 known', ...draws, randomValues];
      const draw = hedgedRandomBytes({ p: BigInt(`0x${prime}`) }, sha256, entropy);
      return { jti: uuidv4(draw), iat: NOW / 1000, salt: draw(32) };
    };

    it('can be computed by whoever knows the key, the clock, the execution and all random outputs', async () => {
      assert.deepEqual(await send(host, { before: ALL_KNOWN }), [predict(key)]);
    });

    it('can not be computed with all of that but the key: another key gives another jti and another salt', async () => {
      const one = await send(host, { before: ALL_KNOWN });
      const again = await send(host, { before: ALL_KNOWN });
      const other = await send(host, { before: ALL_KNOWN, keys: otherKey });
      assert.deepEqual(again, one);
      assertAllDiffer([...one, ...other], 2);
    });

    it('differ for every request and every iteration, while all that a script can stop is stopped', async () => {
      const sent = await send(host, { before: FROZEN, requests: 2, iterations: 2 });
      assertAllDiffer(sent, 4);
      assert.deepEqual(
        sent.map(({ iat }) => iat),
        Array(4).fill(NOW / 1000),
      );
    });

    it('differ when a request is sent again in the same iteration, while all that a script can stop is stopped', async () => {
      const test = `const sent = (pm.variables.get('sent') ?? 0) + 1;
        pm.variables.set('sent', sent);
        if (sent < 3) pm.execution.setNextRequest('request 0');`;
      assertAllDiffer(await send(host, { before: FROZEN, test }), 3);
    });

    for (const [what, replacement] of Object.entries(REPLACED)) {
      it(`differ after a first request has put a generator into the host that ${what}`, async () => {
        const before = `${FROZEN} if (typeof crypto === 'undefined') crypto = {};\n${replacement};`;
        assertAllDiffer(await send(host, { before, requests: 3, isInFirstAlone: true }), 3);
      });
    }

    const sources: Record<string, string> = {
      'Math.random': ALL_KNOWN.replace('Math.random = () => 0.5;', ''),
      'the clock': ALL_KNOWN.replace('Date.now =', ''),
      '{{$randomUUID}}': FROZEN,
      ...(host.generation === 'current' && {
        'the generator of the host': ALL_KNOWN.replace('array.fill(7)', 'array'),
      }),
    };
    for (const [source, before] of Object.entries(sources)) {
      it(`differ for two runs when ${source} alone differs`, async () => {
        // Of the generator of the host it is one byte.
        const differing = (byte: number) => before.replace('=> array;', `=> { array[31] = ${byte}; return array; };`);
        const one = await send(host, { before: differing(1) });
        const other = await send(host, { before: differing(2) });
        assertAllDiffer([...one, ...other], 2);
      });
    }
  });
}
