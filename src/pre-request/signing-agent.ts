// Signing by an agent, inside the sandbox: all that is to be signed is tried without it first, so that only what would leave is
// asked for; with the answer it is made again.

import type { Signing } from '../client-auth/settings.ts';
import type { Signer } from '../client-auth/signer.ts';
import { type AgentRequest, createDraftSigner, type Draft, toAgentSigner } from '../client-auth/signing-agent.ts';
import type { Ask } from './host.ts';

/** Seconds: an HSM or a KMS behind the agent takes its time. */
const LIMIT_SECONDS = 10;

/**
 * Asks the agent.
 *
 * @param receive called once, with what gives the signer that has signed: it throws `signing_agent_failed` where there is none
 */
export const askAgent = (
  clientId: string,
  signing: Signing,
  drafts: Draft[],
  ask: Ask,
  receive: (toSigner: () => Signer) => void,
): void => {
  const { agent, kid, lifetime, clockOffset } = signing;
  const request: AgentRequest = { client_id: clientId, kid, lifetime, clock_offset: clockOffset, drafts };
  const type = 'application/json';
  const header = { Accept: type, 'Content-Type': type };
  const body = { mode: 'raw' as const, raw: JSON.stringify(request) };
  ask({ url: agent, method: 'POST', header, body }, LIMIT_SECONDS * 1000, reply =>
    receive(() => toAgentSigner(signing, reply)),
  );
};

/**
 * Does what signs: at once where the signing key is here; else twice, the second time with what the agent has signed.
 *
 * @param make is given what makes the signer, which it calls only where something is signed
 * @param finish called once, with what `make` gave
 */
export const withSigner = <Made>(
  clientId: string,
  toSigner: (signing: Signing) => Signer,
  ask: Ask,
  make: (getSigner: (signing: Signing) => Signer) => Made,
  finish: (made: Made) => void,
): void => {
  const drafts: Draft[] = [];
  let foreign: Signing | undefined;
  // One for all that is signed: the generator in it must not start twice.
  let signer: Signer | undefined;
  const made = make(signing => {
    if (signing.agent) foreign = signing;
    signer ??= foreign ? createDraftSigner(signing.kid, drafts) : toSigner(signing);
    return signer;
  });
  if (foreign) {
    askAgent(clientId, foreign, drafts, ask, toAgentSigner => {
      const signed = toAgentSigner();
      finish(make(() => signed));
    });
  } else finish(made);
};
