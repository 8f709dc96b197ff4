// The HTTP server of a signing agent, by raw requests on real sockets: what gets a signature and what does not, and that nothing that
// others send keeps a script out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Agent, startAgent } from '../../../src/cli/agent/server.ts';
import { withNodeCrypto } from '../../../src/cli/client/ps256.ts';
import { createRsaKey, toPkcs8 } from '../../support/keys.ts';

const rules = {
  key: withNodeCrypto(toPkcs8(createRsaKey().privateKey)),
  kid: 'key-1',
  clientId: 'client-1',
  audiences: ['https://as.example.my/token'],
};
const toBody = (change: object = {}) =>
  JSON.stringify({
    ...{ client_id: 'client-1', kid: '', lifetime: 60, clock_offset: 0 },
    drafts: [{ claims: { aud: 'https://as.example.my/token' } }],
    ...change,
  });

let agent: Agent;
let host: string;
let path: string;
let log: string[];

// One for each test: it has its own limits a second.
beforeEach(async () => {
  log = [];
  agent = await startAgent(rules, 0, line => log.push(line));
  ({ host, pathname: path } = new URL(agent.url));
});
afterEach(() => agent.close());

const open = async (address = '127.0.0.1'): Promise<Socket> => {
  const socket = connect(Number(new URL(agent.url).port), address);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** Sends bytes as they are, and reads to the end of the connection. */
const exchange = async (text: string, socket?: Socket): Promise<{ status: number; head: string; body: string }> => {
  const own = socket ?? (await open());
  let received = '';
  own.setEncoding('latin1').on('data', chunk => {
    received += chunk;
  });
  const closed = once(own, 'close');
  own.write(text, 'latin1');
  await closed;
  const [head = '', ...rest] = received.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n') };
};

interface Parts {
  line?: string;
  headers?: string[];
  type?: string;
  body?: string;
  hosts?: string[];
}
const toRequest = ({
  line = `POST ${path} HTTP/1.1`,
  headers = [],
  type = 'application/json',
  body = toBody(),
  hosts = [host],
}: Parts = {}) =>
  [
    line,
    ...hosts.map(one => `Host: ${one}`),
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
const send = (parts?: Parts) => exchange(toRequest(parts));
const hasJwt = (text: string) => /eyJ[\w-]+\.[\w-]+\.[\w-]+/.test(text);

describe('the server of a signing agent', () => {
  it('signs for who has its URL, closes the connection, and logs one line without the secret', async () => {
    const { status, head, body } = await send();
    assert.equal(status, 200);
    assert.match(head, /^Connection: close$/im);
    assert.doesNotMatch(head, /access-control|set-cookie|^server:/im);
    assert.equal(hasJwt(body), true);
    assert.equal(log.length, 1);
    assert.match(
      log[0] ?? '',
      /^signed client assertion: client_id="client-1" aud=https:\/\/as\.example\.my\/token jti=/,
    );
    assert.equal(log.join().includes(path.slice(1, 12)), false);
    assert.equal((await send({ type: 'application/json; charset=utf-8' })).status, 200);
  });

  it('has 256 random bits in its path, others each time', async () => {
    assert.match(agent.url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/);
    const other = await startAgent(rules, 0, () => undefined);
    await other.close();
    assert.notEqual(new URL(other.url).pathname, path);
  });

  it('listens on 127.0.0.1 alone', async () => {
    const others = Object.values(networkInterfaces()).flatMap(list => list?.map(({ address }) => address) ?? []);
    for (const address of others.filter(one => one !== '127.0.0.1')) {
      const socket = connect(Number(host.split(':')[1]), address);
      const event = await new Promise(resolve => {
        socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'));
      });
      socket.destroy();
      assert.equal(event, 'refused', address);
    }
  });

  const WEB = /"The signing agent takes no request of a web page\./;
  const HOST = /"The signing agent has another Host\./;
  const SECRET = /"This is not the URL of the agent that runs\. Set \\"signing_agent\\" to the line/;
  const port = () => host.split(':')[1];
  const refused: [what: string, status: number, says: RegExp, parts: () => Parts][] = [
    ['a web page', 403, WEB, () => ({ headers: ['Origin: https://evil.example'] })],
    ['a web page in a sandbox', 403, WEB, () => ({ headers: ['Origin: null'] })],
    ['a page of its own address', 403, WEB, () => ({ headers: [`Origin: http://${host}`] })],
    ['an empty Origin', 403, WEB, () => ({ headers: ['Origin:'] })],
    [
      'a preflight',
      403,
      WEB,
      () => ({
        line: `OPTIONS ${path} HTTP/1.1`,
        headers: [
          'Origin: https://evil.example',
          'Access-Control-Request-Method: POST',
          'Access-Control-Request-Private-Network: true',
        ],
      }),
    ],
    ['a name that was bound to its address', 421, HOST, () => ({ hosts: [`evil.example:${port()}`] })],
    ['localhost', 421, HOST, () => ({ hosts: [`localhost:${port()}`] })],
    ['another port', 421, HOST, () => ({ hosts: ['127.0.0.1'] })],
    ['another form of its address', 421, HOST, () => ({ hosts: [`127.1:${port()}`] })],
    ['the address of IPv6', 421, HOST, () => ({ hosts: [`[::ffff:127.0.0.1]:${port()}`] })],
    ['two hosts', 421, HOST, () => ({ hosts: [host, 'evil.example'] })],
    ['no host, in HTTP/1.0', 421, HOST, () => ({ line: `POST ${path} HTTP/1.0`, hosts: [] })],
    ['another secret', 404, SECRET, () => ({ line: `POST /${'x'.repeat(43)} HTTP/1.1` })],
    ['no secret', 404, SECRET, () => ({ line: 'POST / HTTP/1.1' })],
    ['a part of the secret', 404, SECRET, () => ({ line: `POST ${path.slice(0, -1)} HTTP/1.1` })],
    ['a secret with a query', 404, SECRET, () => ({ line: `POST ${path}?x HTTP/1.1` })],
    ['a URL that a proxy gets', 404, SECRET, () => ({ line: `POST http://${host}${path} HTTP/1.1` })],
    ['GET', 405, /takes POST alone/, () => ({ line: `GET ${path} HTTP/1.1`, body: '' })],
    ['PUT', 405, /takes POST alone/, () => ({ line: `PUT ${path} HTTP/1.1` })],
    ['OPTIONS', 405, /takes POST alone/, () => ({ line: `OPTIONS ${path} HTTP/1.1` })],
    ['a form, which a page may send', 415, /takes JSON alone/, () => ({ type: 'application/x-www-form-urlencoded' })],
    ['text, which a page may send', 415, /takes JSON alone/, () => ({ type: 'text/plain' })],
    ['JSON that is none', 400, /run \\"inject\\" again/, () => ({ body: '{"drafts":' })],
    ['more than 64 KB', 413, /takes 64 KB at most/, () => ({ body: toBody({ more: 'x'.repeat(65_536) }) })],
    ['another client', 400, /\\"client_id\\" must be client-1/, () => ({ body: toBody({ client_id: 'client-2' }) })],
    [
      'another audience',
      400,
      /\\"aud\\" must be https:/,
      () => ({ body: toBody({ drafts: [{ claims: { aud: 'https://evil.example' } }] }) }),
    ],
  ];
  for (const [what, expected, says, parts] of refused) {
    it(`refuses ${what}, without CORS, and logs it`, async () => {
      const { status, head, body } = await send(parts());
      assert.equal(status, expected);
      assert.match(body, says);
      assert.doesNotMatch(head, /access-control/i);
      assert.equal(hasJwt(head + body), false);
      assert.equal(log.length, 1);
      assert.match(log[0] ?? '', /^refused: \S/);
      assert.equal(log.join().includes(path.slice(1)) || body.includes(path.slice(1)), false, 'the secret is shown');
    });
  }

  it('answers HEAD without a body, and nothing that breaks the rules of HTTP with a signature', async () => {
    assert.deepEqual((await send({ line: `HEAD ${path} HTTP/1.1`, body: '' })).body, '');
    const length = `Content-Length: ${toBody().length}`;
    for (const [text, status] of [
      ['x\r\n\r\n', 400],
      [`POST ${path} HTTP/1.1\r\nContent-Type: application/json\r\n${length}\r\n\r\n${toBody()}`, 400],
      [toRequest({ headers: ['Transfer-Encoding: chunked'] }), 400],
      [toRequest({ headers: [length.replace(/\d+/, '3')] }), 400],
      [`${toRequest({ headers: [`X: ${'x'.repeat(20_000)}`] })}`, 431],
      [`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 0],
    ] as const) {
      const answer = await exchange(text);
      assert.equal(answer.status, status, text.slice(0, 200));
      assert.equal(hasJwt(answer.body), false);
    }
    assert.equal(
      log.some(line => line.startsWith('signed')),
      false,
    );
  });

  it('takes a body in chunks, and one request a connection', async () => {
    const body = toBody();
    const chunked = ['', `${body.length.toString(16)}`, body, '0', '', ''].join('\r\n');
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n`;
    assert.equal((await exchange(head + chunked)).status, 200);
    const { body: answers } = await exchange(toRequest() + toRequest());
    assert.equal(answers.match(/"jwts"/g)?.length, 1);
  });

  it('signs for some hundred requests a second at most, logs refusals in short, and goes on', async () => {
    const answers = await Promise.all(Array.from({ length: 450 }, () => send()));
    const signed = answers.filter(({ status }) => status === 200).length;
    // A burst may lie in two seconds.
    assert.equal(signed >= 1 && signed <= 400, true, `${signed}`);
    const others = answers.filter(({ status }) => status !== 200);
    assert.equal(
      others.every(({ status, body }) => status === 429 && /Send fewer at a time/.test(body)),
      true,
    );
    assert.equal(log.filter(line => line.startsWith('signed')).length, signed);
    assert.equal(log.filter(line => line.startsWith('refused')).length <= 22, true);
  });

  it('keeps no script out by what others send without the secret, or by what they do not send', async () => {
    const idle: Socket[] = [];
    // Not more at a time than wait to be accepted.
    while (idle.length < 1000) idle.push(...(await Promise.all(Array.from({ length: 200 }, () => open()))));
    for (const socket of idle.slice(600)) socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n`);
    const foreign = Array.from({ length: 300 }, () => send({ headers: ['Origin: https://evil.example'] }));
    let status = 429;
    // The test before this one may have taken all of its second.
    for (let tries = 0; status === 429 && tries < 100; tries++) ({ status } = await send());
    assert.equal(status, 200);
    assert.equal(
      (await Promise.all(foreign)).every(answer => answer.status === 403 || answer.status === 0),
      true,
    );
    for (const socket of idle) socket.destroy();
  });

  it('says which port another program has', async () => {
    await assert.rejects(
      startAgent(rules, Number(port()), () => undefined),
      {
        name: 'CommandError',
        message: /cannot listen on port \d+ of 127\.0\.0\.1: another program has it\. Give another --port/,
      },
    );
  });
});
