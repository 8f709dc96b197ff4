// No jti is used twice: by runs side by side with one key, and when a request is sent again.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jtiOf } from '../support/client-rules.ts';
import { collectionOf, form } from '../support/collections.ts';
import { type Host, hosts } from '../support/hosts.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { assertGreen } from '../support/script-runs.ts';

describe('a jti', () => {
  const RUNS = 2;
  const signing_key = toPkcs8(createRsaKey().privateKey);
  let recorder: Recorder;
  before(async () => {
    recorder = await startRecorder();
  });
  after(() => recorder.close());

  /** The requests of a client that authenticates, with a request object in one of them. */
  const collection = (): { event: object[] } =>
    collectionOf([
      { url: `${recorder.origin}/token`, body: form(['grant_type', 'client_credentials']) },
      { url: `${recorder.origin}/par`, body: form(['request', '{"response_type":"code"}']) },
      { url: `${recorder.origin}/introspection`, body: form(['token', 'a-token']) },
    ]) as { event: object[] };

  const environment = () => ({
    issuer: recorder.origin,
    token_endpoint: `${recorder.origin}/token`,
    pushed_authorization_request_endpoint: `${recorder.origin}/par`,
    introspection_endpoint: `${recorder.origin}/introspection`,
    client_id: 'client-1',
    kid: 'key-1',
    signing_key,
  });

  /** Every jti that has arrived. */
  const seen: string[] = [];
  /** Takes what has arrived, in which every jti has to be new; gives where it went, and how many there were. */
  const takeAllNew = () => {
    const arrived = recorder.requests.splice(0);
    const jwts = arrived.flatMap(({ form }) => ['client_assertion', 'request'].flatMap(name => form.getAll(name)));
    seen.push(...jwts.map(jtiOf));
    assert.equal(new Set(seen).size, seen.length, 'a jti is there twice');
    return { paths: arrived.map(({ url }) => url), count: jwts.length };
  };

  it(`is never used twice by ${RUNS} runs in each host side by side, three iterations each, with one key`, async () => {
    const runs = hosts.flatMap(host => Array(RUNS).fill(host)) as Host[];
    const results = await Promise.all(
      runs.map(host => host.run(collection(), { environment: environment(), iterations: 3 })),
    );
    for (const run of results) assertGreen(run);
    const { paths, count } = takeAllNew();
    assert.equal(paths.length, runs.length * 3 * 3);
    assert.equal(count, runs.length * 3 * 4);
  });

  for (const host of hosts) {
    it(`is new each time that ${host.name} sends a request again, after an answer 400, 401 or 500`, async () => {
      const refuse = (path: string, status: number) =>
        recorder.answers.set(path, { status, body: '{"error":"server_error"}' });
      refuse('/token', 500);
      refuse('/par', 400);
      refuse('/introspection', 401);
      const again = collection();
      // Three times each request, and then the next one.
      again.event.push({
        listen: 'test',
        script: {
          exec: [
            "const sent = Number(pm.collectionVariables.get('sent') || 0) + 1;",
            "pm.collectionVariables.set('sent', sent % 3);",
            'if (sent < 3) postman.setNextRequest(pm.info.requestName);',
          ],
        },
      });
      assertGreen(await host.run(again, { environment: { ...environment(), fail_on_refusal: 'false' } }));
      const { paths, count } = takeAllNew();
      assert.deepEqual(
        paths,
        ['/token', '/par', '/introspection'].flatMap(path => Array(3).fill(path)),
      );
      assert.equal(count, 12);
    });
  }
});
