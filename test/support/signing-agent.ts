// Signing agents for tests: one in the process of the test, and one that answers as a test wants it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AgentRules, signDrafts } from '../../src/cli/agent/policy.ts';
import { startAgent } from '../../src/cli/agent/server.ts';
import { withNodeCrypto } from '../../src/cli/client/ps256.ts';
import type { AgentRequest, MadeJwt } from '../../src/client-auth/signing-agent.ts';

export type TestAgent = { url: string; log: string[]; close: () => Promise<void> };

const toRules = (signingKey: string, rules: Partial<AgentRules> = {}): AgentRules => ({
  ...{ key: withNodeCrypto(signingKey), kid: '', clientId: '', audiences: [] },
  ...rules,
});

/** Starts an agent with a signing key. */
export const startTestAgent = async (signingKey: string, rules?: Partial<AgentRules>): Promise<TestAgent> => {
  const log: string[] = [];
  const { url, close } = await startAgent(toRules(signingKey, rules), 0, line => log.push(line));
  return { url, log, close };
};

/** What an agent answers that signs as it should. */
export type GoodAnswer = { kid: string; jwts: MadeJwt[] };

/** How an agent is bad: it signs another request, or answers something else; an object becomes JSON. */
export type Badness = {
  ask?: (request: AgentRequest) => object;
  answer?: (good: GoodAnswer) => unknown;
};

/** Starts an agent that does to each request, by a part of its path, something bad. */
export const startBadAgent = async (signingKey: string, ways: Record<string, Badness>) => {
  const rules = toRules(signingKey);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { ask, answer } = ways[String(request.url).replace(/^\/|_+$/g, '')] ?? {};
    const asked: AgentRequest = JSON.parse(Buffer.concat(chunks).toString());
    const { lines: _, ...good } = signDrafts(JSON.stringify(ask?.(asked) ?? asked), rules, Date.now() / 1000);
    const given = answer ? answer(good) : good;
    if (given !== undefined) response.end(typeof given === 'string' ? given : JSON.stringify(given));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    urlOf: (way: string) => `${origin}/${way.padEnd(43, '_')}`,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
