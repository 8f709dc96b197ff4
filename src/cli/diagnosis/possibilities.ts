// The possible causes where nothing is proved: audience, method, key, certificate, the likely ones first. Causes that the
// evidence can't distinguish become one. Pure, on the machine.

import { compareNames } from '../client/distinguished-name.ts';
import type { JwksFacts } from '../server/jwks-facts.ts';
import { type AssertionFacts, type Cause, type Facts, possible } from './causes.ts';
import { clockDoubt } from './clock-causes.ts';

/** What a possibility is about; the description of the error may mention it. */
type Topic = 'audience' | 'method' | 'key' | 'certificate' | 'clock' | 'client';

interface Possibility extends Cause {
  topic: Topic;
}

const about = (topic: Topic, fact: string, remedy: string): Possibility => ({ ...possible(fact, remedy), topic });

/** Possibilities that the evidence can't distinguish, and less likely ones, in order. */
interface Possibilities {
  likely: Possibility[];
  others: Possibility[];
}

/** Words in an `error_description` by which it mentions a topic. */
const HINTS: [words: RegExp, topic: Topic][] = [
  [/\baud\b|audience/i, 'audience'],
  [/auth\w* method|_auth_method/i, 'method'],
  [/\bkid\b|\bjwks?\b|signature|\bkey\b/i, 'key'],
  [/certificate|subject|\bdn\b/i, 'certificate'],
  [/\b(iat|nbf|exp|expir\w+|clocks?|skew)\b|too old|in the (future|past)/i, 'clock'],
];

const topicsOf = ({ errorDescription = '' }: Facts): Topic[] =>
  HINTS.filter(([words]) => words.test(errorDescription)).map(([, topic]) => topic);

/** Finds what may explain a refusal where nothing is proved. */
export function possibilities(facts: Facts): Cause[] {
  const { method, error, errorDescription = '' } = facts;
  const { likely, others } = method === 'tls_client_auth' ? ofCertificate(facts) : ofAssertion(facts);
  // What the server itself mentions comes first.
  const topics = topicsOf(facts);
  const isMentioned = ({ topic }: Possibility) => topics.includes(topic);
  const isNotMentioned = (one: Possibility) => !isMentioned(one);
  const causes = [
    ...[...likely, ...others].filter(isMentioned),
    ...oneOf(likely.filter(isNotMentioned), facts),
    ...others.filter(isNotMentioned),
  ];
  if (error !== 'invalid_request') return causes;
  // In RFC 6749 section 5.2 it is a malformed request; a client that fails to authenticate is invalid_client.
  const rest = possible(
    'invalid_request is about the rest of the form rather than about the client',
    'compare its other parameters with what the endpoint requires',
  );
  if (isAcceptedAlike(facts)) return [rest];
  const words = /client_(id|assertion|auth)|client auth|assertion|\bjwt\b|\baud|\bkid\b|\biat\b|\bexp\b|certificate/i;
  return errorDescription === '' || words.test(errorDescription) ? [...causes, rest] : [rest, ...causes];
}

/** Makes one cause of those that the evidence can't distinguish, with the command that can. */
function oneOf(causes: Possibility[], { refused, jwks }: Facts): Cause[] {
  if (causes.length < 2) return causes;
  const needsJwks = !jwks && causes.some(({ topic }) => topic === 'key');
  const command = `"check --live${needsJwks ? ' --jwks <registered JWKS>' : ''}"`;
  const remedies = causes.map(({ remedy }) => remedy).join(', or ');
  const fact = causes.map(one => one.fact).join('; or ');
  return [possible(fact, refused.length > 0 ? remedies : `${command} shows which: ${remedies}`)];
}

/** Whether the server accepted the same client with the same method and audience in the same run. */
export const isAcceptedAlike = ({ accepted, method, assertion }: Facts): boolean =>
  accepted.some(one => one.method === method && one.aud === assertion?.aud);

const OTHER_CLIENT = about(
  'client',
  'the client_id may be unknown to this server, as each environment has its own',
  'compare client_id and issuer with the registration',
);

/** Another method, where the server accepts another. */
function otherMethod({ method, server, endpoint, registeredSubject }: Facts): Possibility[] {
  if (server?.methods[endpoint]?.every(one => one === method)) return [];
  const fact =
    method === 'private_key_jwt' && registeredSubject !== undefined
      ? 'the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set, which only that method has'
      : `the client may be registered with another method than ${method}`;
  return [about('method', fact, 'set token_endpoint_auth_method to the registered one')];
}

/** Separates the ways that were tried too, and refused. */
function byTrial(ways: Possibility[], facts: Facts): { open: Possibility[]; tried: Possibility[] } {
  const { method, assertion, refused } = facts;
  if (isAcceptedAlike(facts)) return { open: [], tried: [] };
  const topics: Topic[] = [
    ...(refused.some(one => one.method !== method) ? (['method'] as const) : []),
    ...(refused.some(one => one.method === method && one.aud !== assertion?.aud) ? (['audience'] as const) : []),
  ];
  return {
    open: ways.filter(({ topic }) => !topics.includes(topic)),
    tried: ways.filter(({ topic }) => topics.includes(topic)),
  };
}

function ofCertificate(facts: Facts): Possibilities {
  const authority = about(
    'certificate',
    'the authority that issued the transport certificate may not be one for this server',
    'use the certificate that was issued for its environment',
  );
  const { open, tried } = byTrial(otherMethod(facts), facts);
  return { likely: [...subjectDoubts(facts), ...open], others: [authority, OTHER_CLIENT, ...tried] };
}

function subjectDoubts({ certificate, registeredSubject }: Facts): Possibility[] {
  const subject = typeof certificate === 'object' ? certificate.subject : undefined;
  if (registeredSubject === undefined) {
    const fact = `the client may be registered with another subject than that of the transport certificate${subject ? `, which is ${subject}` : ''}`;
    return [about('certificate', fact, 'compare the subject with the registered tls_client_auth_subject_dn')];
  }
  // Where the registered subject is equal, there is another reason.
  if (subject === undefined || compareNames(subject, registeredSubject) !== 'other order') return [];
  const fact = `the parts of the subject are in another order than in the registered one, ${subject} against ${registeredSubject}`;
  return [about('certificate', fact, 'register tls_client_auth_subject_dn as the certificate has it')];
}

function ofAssertion(facts: Facts): Possibilities {
  const { assertion, jwks } = facts;
  if (!assertion) return { likely: [OTHER_CLIENT], others: [] };
  const { open, tried } = byTrial([audienceOf(facts, assertion), ...otherMethod(facts)], facts);
  const clock = clockDoubt(facts, topicsOf(facts).includes('clock'));
  const doubts: Possibility[] = clock ? [{ ...clock.cause, topic: 'clock' }] : [];
  const likely = [...(clock?.isLikely ? doubts : []), ...keyDoubts(jwks), ...open];
  const others = [...(clock?.isLikely ? [] : doubts), OTHER_CLIENT, ...tried];
  if (jwks) {
    const fact = `the server may hold an older copy of the JWKS than ${jwks.source}`;
    const remedy = 'compare with what is registered, or wait until the server reads it again';
    return { likely, others: [about('key', fact, remedy), ...others] };
  }
  const fact = `the public half of the signing key may not be registered under the kid ${assertion.kid}`;
  return { likely: [...likely, about('key', fact, 'compare key and kid with the registered JWKS')], others };
}

function audienceOf(facts: Facts, { aud }: AssertionFacts): Possibility {
  const { server, serverFault, issuer, tokenEndpoints, url } = facts;
  if (aud === issuer) {
    const fact = 'aud was the issuer, and the server may accept only the token endpoint';
    return about('audience', fact, 'set client_assertion_audience to token_endpoint');
  }
  if (server && ![...tokenEndpoints, url.replace(/[?#].*$/, '')].includes(aud)) {
    const fact = `aud was ${aud}, which is neither the issuer nor the token endpoint`;
    return about('audience', fact, 'set client_assertion_audience to issuer or token_endpoint');
  }
  const name = tokenEndpoints.includes(aud) ? 'the token endpoint' : aud;
  const stated = serverFault?.statedIssuer;
  return about(
    'audience',
    `aud was ${name}, and servers of the FAPI 2.0 profile accept only the issuer`,
    `set client_assertion_audience to issuer${stated ? ` and issuer to ${stated}` : ''}`,
  );
}

/** A registration of the right key that some servers can't use. */
function keyDoubts(jwks: JwksFacts | undefined): Possibility[] {
  if (!jwks) return [];
  const { kid, count, otherUse, source } = jwks;
  const doubts: Possibility[] = [];
  if (count > 1) {
    const fact = `${count} keys of the JWKS ${source} have the kid ${kid}, and the server may take the wrong one`;
    doubts.push(about('key', fact, 'give every key its own kid'));
  }
  if (otherUse) {
    const fact = `the key under the kid ${kid} of the JWKS ${source} is not for PS256 signatures but has ${otherUse}`;
    doubts.push(about('key', fact, 'register it with "alg" PS256 and "use" sig'));
  }
  return doubts;
}
