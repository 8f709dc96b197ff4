// A signing agent under load: a burst of 10,000 requests, with its URL and without, and requests that never end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { startTestAgent, type TestAgent } from '../support/signing-agent.ts';

const BURST = 10_000;
const AUD = 'https://as.example.my/token';
const body = JSON.stringify({
  client_id: 'client-1',
  kid: 'k',
  lifetime: 60,
  clock_offset: 0,
  drafts: [{ claims: { aud: AUD } }],
});

let agent: TestAgent;
before(async () => {
  agent = await startTestAgent(toPkcs8(createRsaKey().privateKey));
});
after(() => agent.close());

const pool = new Agent({ maxSockets: 200 });
const send = (url: string, headers: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers };
    request(url, { method: 'POST', headers: all, agent: pool }, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end(body);
  });
const countOf = (statuses: number[]) => (status: number) => statuses.filter(one => one === status).length;
const signed = () => agent.log.filter(line => line.startsWith('signed')).length;

describe('a signing agent', () => {
  it('gives nothing to 10,000 requests without the secret, or of a web page, and signs for a script after them', async () => {
    const others = Array.from({ length: BURST }, (_, at) =>
      at % 2 === 0
        ? send(agent.url.replace(/.{43}$/, 'x'.repeat(43)))
        : send(agent.url, { origin: 'https://evil.example' }),
    );
    const count = countOf(await Promise.all(others));
    assert.deepEqual([count(404), count(403), signed()], [BURST / 2, BURST / 2, 0]);
    assert.equal(agent.log.length < BURST / 10, true, `${agent.log.length} lines`);
    assert.equal(await send(agent.url), 200);
  });

  it('signs for 200 of 10,000 requests with its URL in each second', async () => {
    agent.log.length = 0;
    const start = performance.now();
    const count = countOf(await Promise.all(Array.from({ length: BURST }, () => send(agent.url))));
    const seconds = Math.ceil((performance.now() - start) / 1000) + 1;
    assert.equal(count(200) + count(429), BURST);
    assert.equal(count(200) <= 200 * seconds, true, `${count(200)} in ${seconds} s`);
    assert.equal(signed(), count(200));
  });

  it('waits some seconds for a request, and not longer', async () => {
    const { host, port, pathname } = new URL(agent.url);
    const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`;
    const answers = ['', 'POST', head, `${head}{`].map(async text => {
      const socket = connect(Number(port), '127.0.0.1');
      let received = '';
      socket.on('data', chunk => {
        received += chunk;
      });
      socket.on('error', () => undefined).write(text);
      await once(socket, 'close');
      return received;
    });
    for (const answer of await Promise.all(answers)) assert.match(answer, /^$|^HTTP\/1\.1 408 /);
  });
});
