// What the pre-request script and a signing agent say to each other, on both sides: the agent has the key, on the same machine,
// and the script asks it for whole JWTs. Both are JSON; times are whole seconds, since the Unix epoch where they are dates.

import type { HttpAnswer } from './discovery.ts';
import { ClientAuthError, toPlain } from './errors.ts';
import { checkKid, type Signing } from './settings.ts';
import { type FreshClaims, type Signer, toSigningInput } from './signer.ts';

/** A JWT that is wanted: its claims, with placeholders for those that the agent gives, and `typ` of its header, if it has one. */
export type Draft = { typ?: string | undefined; claims: Record<string, unknown> };

/** What the script asks for. Without drafts it asks whether the agent would sign for this client. */
export type AgentRequest = {
  client_id: string;
  /** Empty where the agent's own is taken. */
  kid: string;
  lifetime: number;
  clock_offset: number;
  drafts: Draft[];
};

/** A whole JWT, and what in it is the agent's. */
export type MadeJwt = FreshClaims & { jwt: string };

/** What the agent answers: a JWT for each draft; or one sentence that says why not, and what to do. */
export type AgentAnswer = { kid: string; jwts: MadeJwt[] } | { error: string };

/** A signer that signs nothing: it keeps what is to be signed. */
export const createDraftSigner = (kid: string, drafts: Draft[]): Signer => ({
  kid,
  // In the place that they will have: the order of the claims is part of what is signed.
  freshClaims: () => ({ iat: 0, exp: 0, jti: '' }),
  sign: (claims, typ) => {
    drafts.push({ typ, claims: claims as Draft['claims'] });
    return '';
  },
});

const failed = (message: string): ClientAuthError =>
  new ClientAuthError('signing_agent_failed', message, 'signing_agent');

const START =
  'Start it with "paynet-client-auth agent", and set "signing_agent" to the line that it prints. Behind a proxy add 127.0.0.1 to NO_PROXY.';

const readAnswer = (text: string): AgentAnswer | undefined => {
  try {
    const answer = JSON.parse(text);
    return typeof answer.error === 'string' || Array.isArray(answer.jwts) ? answer : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Makes the signer of what an agent has answered. It takes a JWT only if header and claims are what was asked for.
 *
 * @throws ClientAuthError `signing_agent_failed`, also when it signs
 */
export const toAgentSigner = ({ kid, lifetime }: Signing, reply: HttpAnswer | undefined): Signer => {
  if (!reply) throw failed(`The signing agent did not answer in time. ${START}`);
  if ('fault' in reply) throw failed(`There is no signing agent at the URL (${reply.fault}). ${START}`);
  const answer = readAnswer(reply.text);
  if (!answer) throw failed(`What answered at the URL, with status ${reply.status}, is no signing agent. ${START}`);
  if ('error' in answer) throw failed(toPlain(answer.error, 500));
  let next = 0;
  const differs = (): ClientAuthError => failed('The signing agent has signed something else. Start it again.');
  // They are shown on the console.
  const own = checkKid(String(answer.kid ?? ''));
  if (!own || (kid && kid !== own)) throw differs();
  return {
    kid: own,
    freshClaims: () => {
      const { iat, exp, jti } = (answer.jwts[next] ?? {}) as MadeJwt;
      if (exp - iat !== lifetime || !/^[\w-]{36}$/.test(jti)) throw differs();
      return { iat, exp, jti };
    },
    sign: (claims, typ) => {
      const jwt = String(answer.jwts[next++]?.jwt);
      const signingInput = `${toSigningInput(own, claims, typ)}.`;
      if (jwt.startsWith(signingInput) && /^[\w-]{342,}$/.test(jwt.slice(signingInput.length))) return jwt;
      throw differs();
    },
  };
};
