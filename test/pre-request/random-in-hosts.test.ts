// Where the random bytes of an assertion come from in the hosts, by what the built script puts on the wire: the jti, and
// the salt, which is read from the signature. A script of the collection in front of ours takes the sources into its hand.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hedgedRandomBytes, uuidv4 } from '../../src/client-auth/random.ts';
import { form, script } from '../support/collections.ts';
import { type Host, newmanHost, runtimeHost } from '../support/hosts.ts';
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
};

/** What the assertions of a run hold, one after another, and what the console shows. */
const send = async (host: Host, { before, keys = key, requests = 1, iterations = 1, test = '' }: Setting) => {
  const recorder = await startRecorder();
  const eventOf = (listen: string, text: string) => ({ listen, script: { exec: text.split('\n') } });
  const collection = {
    info: { name: 'random', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    event: [eventOf('prerequest', before), eventOf('prerequest', script), eventOf('test', test)],
    item: Array.from({ length: requests }, (_, index) => ({
      id: `item-${index}`,
      name: `request ${index}`,
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
  const sent = recorder.requests.map(request => {
    const assertion = request.form.get('client_assertion') as string;
    const { jti, iat } = JSON.parse(Buffer.from(assertion.split('.')[1] as string, 'base64url').toString());
    return { jti: jti as string, iat: iat as number, salt: readSalt(assertion, keys.publicKey) };
  });
  return { sent, consoleLines: run.consoleLines };
};
type Sent = Awaited<ReturnType<typeof send>>['sent'];

/** That no jti and no salt comes twice. */
const assertAllDiffer = (sent: Sent, count: number) => {
  assert.equal(sent.length, count);
  assert.equal(new Set(sent.map(({ jti }) => jti)).size, count, 'a jti comes twice');
  assert.equal(new Set(sent.map(({ salt }) => salt)).size, count, 'a salt comes twice');
};

describe(`random bytes in ${runtimeHost.name}`, () => {
  // What a script changes of a built-in stays for the scripts after it: it is changed once.
  const KNOWN = `if (!crypto.lengths) {
    crypto.lengths = [];
    crypto.getRandomValues = array => {
      crypto.lengths.push(array.length);
      array.forEach((_, index) => { array[index] = crypto.lengths.length * 64 + index; });
      return array;
    };
  }`;

  it('are those of crypto.getRandomValues: 16 for the jti, 32 for the salt, new ones for every request', async () => {
    const test = 'console.log(crypto.lengths.join());';
    const { sent, consoleLines } = await send(runtimeHost, { before: KNOWN, requests: 2, test });
    const bytes = (draw: number, length: number) =>
      Buffer.from(Array.from({ length }, (_, index) => draw * 64 + index)).toString('hex');
    assert.deepEqual(
      sent.map(({ jti, salt }) => [jti, salt]),
      [1, 3].map(draw => [uuidv4(length => bytes(draw, length)), bytes(draw + 1, 32)]),
    );
    assert.equal(consoleLines.at(-1), '16,32,16,32');
  });

  it('differ from request to request when nobody touches it', async () => {
    const { sent } = await send(runtimeHost, { before: 'Math.random = () => 0.5;', requests: 2, iterations: 2 });
    assertAllDiffer(sent, 4);
  });
});

describe(`random bytes in ${newmanHost.name}`, () => {
  const NOW = 1_800_000_000_000;
  /** Clock and Math.random are stopped, for all scripts that follow. */
  const FROZEN = `Date.now = Date.prototype.getTime = Date.prototype.valueOf = () => ${NOW};
    Math.random = () => 0.5;`;
  /** And the last source that moves: then the key alone is unknown. */
  const ALL_KNOWN = `${FROZEN}
    const scope = Object.getPrototypeOf(pm.variables);
    scope.realReplaceIn ??= scope.replaceIn;
    scope.replaceIn = function (text) { return text === '{{$randomUUID}}' ? 'known' : this.realReplaceIn(text); };`;

  /** What somebody computes who knows all of it, with the key that he has. */
  const predict = ({ privateKey }: typeof key) => {
    const sha256 = (hex: string) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
    const prime = Buffer.from(privateKey.export({ format: 'jwk' }).p as string, 'base64url').toString('hex');
    const secret = BigInt(`0x${prime}`).toString(36).slice(-64);
    const draw = hedgedRandomBytes(sha256, secret, [`${NOW}`, 'item-0 0 known', ...Array(4).fill((0.5).toString(36))]);
    return { jti: uuidv4(draw), iat: NOW / 1000, salt: draw(32) };
  };

  it('can be computed by whoever knows the key, the clock, the execution and all random outputs', async () => {
    const { sent } = await send(newmanHost, { before: ALL_KNOWN });
    assert.deepEqual(sent, [predict(key)]);
  });

  it('can not be computed with all of that but the key: another key gives another jti and another salt', async () => {
    const { sent: one } = await send(newmanHost, { before: ALL_KNOWN });
    const { sent: again } = await send(newmanHost, { before: ALL_KNOWN });
    const { sent: other } = await send(newmanHost, { before: ALL_KNOWN, keys: otherKey });
    assert.deepEqual(again, one);
    assertAllDiffer([...one, ...other], 2);
  });

  it('differ for every request and every iteration, while clock and Math.random are stopped', async () => {
    const { sent } = await send(newmanHost, { before: FROZEN, requests: 2, iterations: 2 });
    assertAllDiffer(sent, 4);
    assert.deepEqual(
      sent.map(({ iat }) => iat),
      Array(4).fill(NOW / 1000),
    );
  });

  it('differ when a request is sent again in the same iteration, while clock and Math.random are stopped', async () => {
    const test = `const sent = (pm.variables.get('sent') ?? 0) + 1;
      pm.variables.set('sent', sent);
      if (sent < 3) pm.execution.setNextRequest('request 0');`;
    const { sent } = await send(newmanHost, { before: FROZEN, test });
    assertAllDiffer(sent, 3);
  });

  const sources: Record<string, string> = {
    'Math.random': ALL_KNOWN.replace('Math.random = () => 0.5;', ''),
    'the clock': ALL_KNOWN.replace('Date.now =', ''),
    '{{$randomUUID}}': FROZEN,
  };
  for (const [source, before] of Object.entries(sources)) {
    it(`differ for two runs when ${source} alone differs`, async () => {
      const { sent: one } = await send(newmanHost, { before });
      const { sent: other } = await send(newmanHost, { before });
      assertAllDiffer([...one, ...other], 2);
    });
  }
});
