// What a signing agent signs, and what it refuses: whole client assertions and request objects for one client, never bytes that
// another has put together. Pure but for the key, on the machine. RFC 7523 section 3, RFC 9101.

import { createClientAssertion } from '../../client-auth/client-assertion.ts';
import { type ClientAuthError, mustBe, shapeOf, toPlain } from '../../client-auth/errors.ts';
import { createRequestObject, REQUEST_OBJECT_TYP } from '../../client-auth/request-object.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { readClientId, readSigning, readTyp, type Signing } from '../../client-auth/settings.ts';
import { createSigner, type FreshClaims, type OpenedKey, type Signer } from '../../client-auth/signer.ts';
import type { AgentRequest, Draft, MadeJwt } from '../../client-auth/signing-agent.ts';
import { parseObject, readJwsParts } from '../secrets/json-object.ts';

/** What an agent signs with, and for whom; empty where the script says it. */
export interface AgentRules {
  key: OpenedKey;
  kid: string;
  clientId: string;
  /** URLs that may be the audience; none for all. */
  audiences: string[];
}

/** What was signed, and a line about each JWT, without anything secret. */
export interface Signed {
  kid: string;
  jwts: MadeJwt[];
  lines: string[];
}

/** Seconds from now in which what was signed has expired. */
const MAX_SECONDS = 600;
/** One request of the script needs two: a client assertion and a request object. */
const MAX_DRAFTS = 4;
/** So many characters of an audience are in the log. */
const MAX_SHOWN = 300;
/** The claims that say for whom, to whom and until when. */
const OWN_CLAIMS = ['iss', 'sub', 'client_id', 'aud', 'iat', 'nbf', 'exp', 'jti'];

/**
 * Signs what a script asks for.
 *
 * @param text an {@link AgentRequest}, JSON
 * @param now seconds since the Unix epoch
 * @throws ClientAuthError with one sentence for the user of the script
 */
export function signDrafts(text: string, rules: AgentRules, now: number): Signed {
  const { client_id, kid, lifetime, clock_offset, drafts } = parse(text);
  const variables: Record<string, unknown> = { client_id, kid, client_assertion_lifetime: lifetime, clock_offset };
  const read = (name: string) => String(variables[name] ?? '');
  const clientId = readClientId(read);
  const signing = readSigning(read);
  const refuseOther = (name: string, wanted: string, got: string, option: string) => {
    if (wanted === '' || got === '' || wanted === got) return;
    const remedy = `Set it to that, or start the agent with another ${option}.`;
    throw mustBe('variable_invalid', name, `${toPlain(wanted)}, as the signing agent has it`, shapeOf(got), remedy);
  };
  refuseOther('client_id', rules.clientId, clientId, '--client-id');
  refuseOther('kid', rules.kid, signing.kid, '--kid');
  checkEnd(signing);
  const signer = createSigner({ ...signing, kid: signing.kid || rules.kid }, () => rules.key, now);
  const made = drafts.map(draft => sign(draft, clientId, rules.audiences, signer));
  return { kid: signer.kid, jwts: made.map(({ jwt }) => jwt), lines: made.map(({ line }) => line) };
}

/** Refuses what would still be valid after {@link MAX_SECONDS}, by the clock of this machine. */
function checkEnd({ lifetime, clockOffset }: Signing): void {
  const longest = MAX_SECONDS - clockOffset;
  if (lifetime <= longest) return;
  const why = `The signing agent signs nothing that lasts for more than ${MAX_SECONDS} s by its own clock.`;
  if (longest < 1) {
    const remedy = `Correct the clock of this machine. ${why}`;
    throw mustBe('variable_invalid', 'clock_offset', `less than ${MAX_SECONDS}`, String(clockOffset), remedy);
  }
  const expected = `${longest} or less, as clock_offset is ${clockOffset}`;
  throw mustBe(
    'variable_invalid',
    'client_assertion_lifetime',
    expected,
    String(lifetime),
    `Set it to ${longest}. ${why}`,
  );
}

/** A refusal of what no script of ours asks for. */
const otherScript = (got: string): ClientAuthError =>
  mustBe('variable_invalid', 'signing_agent', 'asked by this script', got, 'Update the script: run "inject" again.');

function parse(text: string): AgentRequest {
  const request = parseObject(text);
  const { drafts } = request;
  if (!Array.isArray(drafts) || drafts.length > MAX_DRAFTS || !drafts.every(draft => isObject(draft?.claims))) {
    throw otherScript('a request of another form');
  }
  return request as AgentRequest;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Signs one draft: all claims of the client and the time are made anew, by the code that the script has too. */
function sign({ typ, claims }: Draft, clientId: string, audiences: string[], signer: Signer) {
  const aud = toAudience(claims.aud, audiences);
  const isRequestObject = typ === REQUEST_OBJECT_TYP;
  if (isRequestObject) refuseLookAlike(Object.keys(claims));
  const jwt = isRequestObject
    ? createRequestObject(JSON.stringify(claims), clientId, aud, signer)
    : createClientAssertion(
        clientId,
        aud,
        readTyp(() => String(typ ?? '')),
        signer,
      ).assertion;
  const { iat, exp, jti } = readJwsParts(jwt).claims as FreshClaims;
  const what = isRequestObject ? 'request object' : 'client assertion';
  // In quotes: a client identifier may have spaces (RFC 6749 appendix A.1).
  const line = `signed ${what}: client_id=${JSON.stringify(clientId)} aud=${aud.slice(0, MAX_SHOWN)} jti=${jti}`;
  return { jwt: { iat, exp, jti, jwt }, line };
}

/** Refuses a second claim that is one of the agent's to readers that take no notice of the case, as many in Go. */
function refuseLookAlike(names: string[]): void {
  // Upper case has one form of the long "s" too.
  const isAlike = (name: string) => OWN_CLAIMS.includes(name.toUpperCase().toLowerCase());
  const found = names.find(name => isAlike(name) && !OWN_CLAIMS.includes(name));
  if (found === undefined) return;
  const expected = `a JSON object with "${found.toUpperCase().toLowerCase()}" in lower case alone`;
  throw mustBe('request_body_invalid', 'request', expected, shapeOf(found), 'Correct it in the tab Body.');
}

function toAudience(aud: unknown, allowed: string[]): string {
  const url = typeof aud === 'string' ? aud : '';
  checkServerUrl('aud', url, 'Set the variable that it comes from.');
  if (allowed.length === 0 || allowed.includes(url)) return url;
  const remedy = 'Correct the variable that it comes from, or start the agent with this --audience too.';
  throw mustBe('variable_invalid', 'aud', `${allowed.join(' or ')}, as the signing agent has it`, shapeOf(url), remedy);
}
