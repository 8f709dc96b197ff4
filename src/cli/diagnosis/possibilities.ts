// The possible causes where nothing is proved: audience, method, key, certificate, the likely ones first. Causes that the
// evidence can't distinguish become one. Pure, on the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { compareNames } from '../client/distinguished-name.ts';
import type { JwksFacts } from '../server/jwks-facts.ts';
import { type AssertionFacts, type Cause, type Facts, possible, type Topic, type Way } from './causes.ts';
import { clockDoubt } from './clock-causes.ts';
import { toStatement } from './statements.ts';
import { missingCertificateDoubt } from './transport-causes.ts';

/** Possibilities that the evidence can't distinguish, and less likely ones, in order. */
interface Possibilities {
  likely: Cause[];
  others: Cause[];
}

/** Finds what may explain a refusal where nothing is proved. */
export function possibilities(facts: Facts): Cause[] {
  const { method, status, error, errorDescription = '' } = facts;
  const all = method === 'tls_client_auth' ? ofCertificate(facts) : ofAssertion(facts);
  // Where another client was accepted in the same way, what is left is who this one is.
  const isAnother = isAlike(facts.acceptedOthers, facts);
  const isOpen = (one: Cause) => !isAnother || (one !== OTHER_CLIENT && one.topic !== 'audience');
  const [likely, others] = [all.likely.filter(isOpen), all.others.filter(isOpen)];
  // What the server itself names is not one of those that can't be told apart.
  const topic = toStatement(facts)?.topic;
  const isNamed = (one: Cause) => one.topic === topic;
  const isNotNamed = (one: Cause) => !isNamed(one);
  const causes = [
    ...missingCertificateDoubt(facts),
    ...(isAnother ? [ANOTHER_CLIENT] : []),
    ...[...likely, ...others].filter(isNamed),
    ...oneOf(likely.filter(isNotNamed), facts),
    ...others.filter(isNotNamed),
  ];
  const rest = status === 401 ? undefined : REST[error ?? ''];
  if (!rest) return causes;
  if (isAcceptedAlike(facts)) return [rest];
  const words = /client_(id|assertion|auth)|client auth|assertion|\bjwt\b|certificate|credential|authenticat/i;
  const isOfClient = topic !== undefined || words.test(errorDescription) || errorDescription === '';
  return isOfClient ? [...causes, rest] : [rest, ...causes];
}

/** Errors that are of another thing than the authentication of the client (RFC 6749 section 5.2), which would be invalid_client. */
const REST: Record<string, Cause> = {
  invalid_request: possible(
    'other',
    'invalid_request is about the rest of the form rather than about the client',
    'compare its other parameters with what the endpoint requires',
  ),
  unauthorized_client: possible(
    'other',
    'unauthorized_client is about what the client may do rather than about who it is',
    'compare grant_type and scope with the registration',
  ),
};

/** Makes one cause of those that the evidence can't distinguish, with the command that can. */
function oneOf(causes: Cause[], { refused, jwks }: Facts): Cause[] {
  if (causes.length < 2) return causes;
  const needsJwks = !jwks && causes.some(({ topic }) => topic === 'key');
  const command = `"check --live${needsJwks ? ' --jwks <registered JWKS>' : ''}"`;
  const remedies = causes.map(({ remedy }) => remedy).join(', or ');
  const fact = causes.map(one => one.fact).join('; or ');
  return [possible('other', fact, refused.length > 0 ? remedies : `${command} shows which: ${remedies}`)];
}

const isAlike = (ways: Way[], { method, assertion }: Facts): boolean =>
  ways.some(one => one.method === method && one.aud === assertion?.aud);

/** Whether the server accepted the same client with the same method and audience in the same run. */
export const isAcceptedAlike = (facts: Facts): boolean => isAlike(facts.accepted, facts);

const CLIENT_REMEDY = 'compare client_id and issuer with the registration';
const OTHER_CLIENT = possible(
  'client',
  'the client_id may be unknown to this server, as each environment has its own',
  CLIENT_REMEDY,
);
const ANOTHER_CLIENT = possible(
  'client',
  'another client was accepted in the same way in this run, so this client_id may be unknown to the server',
  CLIENT_REMEDY,
);

/** Another method, where the server accepts another. */
function otherMethod({ method, server, endpoint, registeredSubject }: Facts): Cause[] {
  if (server?.methods[endpoint]?.every(one => one === method)) return [];
  const fact =
    method === 'private_key_jwt' && registeredSubject !== undefined
      ? 'the client may be registered with tls_client_auth, as tls_client_auth_subject_dn is set, which only that method has'
      : `the client may be registered with another method than ${method}`;
  return [possible('method', fact, 'set token_endpoint_auth_method to the registered one')];
}

/** Separates the ways that were tried too, and refused. */
function byTrial(ways: Cause[], facts: Facts): { open: Cause[]; tried: Cause[] } {
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
  const authority = possible(
    'certificate',
    'the authority that issued the transport certificate may not be one for this server',
    'use the certificate that was issued for its environment',
  );
  const { open, tried } = byTrial(otherMethod(facts), facts);
  return { likely: [...subjectDoubts(facts), ...open], others: [authority, OTHER_CLIENT, ...tried] };
}

function subjectDoubts({ certificate, registeredSubject }: Facts): Cause[] {
  const subject = typeof certificate === 'object' ? certificate.subject : undefined;
  if (registeredSubject === undefined) {
    const fact = `the client may be registered with another subject than that of the transport certificate${subject ? `, which is ${subject}` : ''}`;
    return [possible('certificate', fact, 'compare the subject with the registered tls_client_auth_subject_dn')];
  }
  // Where the registered subject is equal, there is another reason.
  if (subject === undefined || compareNames(subject, registeredSubject) !== 'other order') return [];
  const fact = `the parts of the subject are in another order than in the registered one, ${subject} against ${registeredSubject}`;
  return [possible('certificate', fact, 'register tls_client_auth_subject_dn as the certificate has it')];
}

function ofAssertion(facts: Facts): Possibilities {
  const { assertion, jwks } = facts;
  if (!assertion) return { likely: [OTHER_CLIENT], others: [] };
  const { open, tried } = byTrial([audienceOf(facts, assertion), ...otherMethod(facts)], facts);
  const clock = clockDoubt(facts);
  const doubts: Cause[] = clock ? [clock.cause] : [];
  const likely = [...(clock?.isLikely ? doubts : []), ...keyDoubts(jwks), ...open];
  const others = [...(clock?.isLikely ? [] : doubts), OTHER_CLIENT, ...typDoubts(assertion), ...tried];
  if (jwks) {
    const fact = `the server may hold an older copy of the JWKS than ${jwks.source}`;
    const remedy = 'compare with what is registered, or wait until the server reads it again';
    return { likely, others: [possible('key', fact, remedy), ...others] };
  }
  const fact = `the public half of the signing key may not be registered under the kid ${assertion.kid}`;
  return { likely: [...likely, possible('key', fact, 'compare key and kid with the registered JWKS')], others };
}

function audienceOf(facts: Facts, { aud }: AssertionFacts): Cause {
  const { server, serverFault, issuer, tokenEndpoints, url } = facts;
  if (aud === issuer) {
    const fact = 'aud was the issuer, and the server may accept only the token endpoint';
    return possible('audience', fact, 'set client_assertion_audience to token_endpoint');
  }
  if (server && ![...tokenEndpoints, url.replace(/[?#].*$/, '')].includes(aud)) {
    const fact = `aud was ${aud}, which is neither the issuer nor the token endpoint`;
    return possible('audience', fact, 'set client_assertion_audience to issuer or token_endpoint');
  }
  const name = tokenEndpoints.includes(aud) ? 'the token endpoint' : aud;
  const stated = serverFault?.statedIssuer;
  return possible(
    'audience',
    `aud was ${name}, and RFC 10070 and FAPI 2.0 allow only the issuer`,
    `set client_assertion_audience to issuer${stated ? ` and issuer to ${stated}` : ''}`,
  );
}

/** The `typ` of RFC 10070, which not every server knows. */
function typDoubts({ typ }: AssertionFacts): Cause[] {
  if (typ === undefined) return [];
  const fact = `"typ" was ${toPlain(typ)}, which servers older than RFC 10070 may refuse`;
  return [possible('typ', fact, 'unset client_assertion_typ')];
}

/** A registration of the right key that some servers can't use. */
function keyDoubts(jwks: JwksFacts | undefined): Cause[] {
  if (!jwks) return [];
  const { kid, count, otherUse, source } = jwks;
  const doubts: Cause[] = [];
  if (count > 1) {
    const fact = `${count} keys of the JWKS ${source} have the kid ${kid}, and the server may take the wrong one`;
    doubts.push(possible('key', fact, 'give every key its own kid'));
  }
  if (otherUse) {
    const fact = `the key under the kid ${kid} of the JWKS ${source} is not for PS256 signatures but has ${otherUse}`;
    doubts.push(possible('key', fact, 'register it with "alg" PS256 and "use" sig'));
  }
  return doubts;
}
