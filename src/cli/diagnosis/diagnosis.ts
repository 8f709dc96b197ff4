// Why an endpoint of the authorization server refused the client: the causes in order, each with the one thing to change.
// A cause that alone explains the refusal is certain; all others are possible. Pure, on the machine.

import { type Cause, type Facts, possible, proved, toList } from './causes.ts';
import { clockFaults } from './clock-causes.ts';
import { isAcceptedAlike, possibilities } from './possibilities.ts';
import { toNamedCause, toStatement } from './statements.ts';
import { badCertificate, connectionCauses, missingCertificate } from './transport-causes.ts';

/**
 * Finds the causes of a refusal: what the server's own words name, then what is proved; where neither is so, what is possible.
 * Evidence for another cause than the one that the server names proves nothing.
 */
export function diagnose(facts: Facts): Cause[] {
  if (facts.connectionCode !== undefined) return connectionCauses(facts, facts.connectionCode);
  const noRefusal = notOfTheClient(facts);
  if (noRefusal.length > 0) return [...acceptedElsewhere(facts), ...noRefusal];
  const evident = [
    ...facts.formFaults.map(fault => proved('form', fault, 'correct the form of the request, or what changes it')),
    ...missingCertificate(facts),
    ...acceptedElsewhere(facts),
    ...wrongIssuer(facts),
    ...unsupported(facts),
    ...badCertificate(facts),
    ...clockFaults(facts),
    ...keyFaults(facts),
  ];
  const statement = toStatement(facts);
  if (!statement) return [...evident, ...gateway(facts), ...(evident.length > 0 ? [] : possibilities(facts))];
  const isNamed = ({ topic }: Cause) => topic === statement.topic;
  const shown = evident.filter(isNamed);
  const others = evident
    .filter(cause => !isNamed(cause))
    .map(({ topic, fact, remedy }) => possible(topic, fact, remedy));
  if (shown.length > 0) return [...shown, ...others];
  const doubts = possibilities(facts);
  const rest = doubts.filter(cause => !isNamed(cause));
  return [toNamedCause(statement, facts, doubts.find(isNamed)), ...others, ...rest, ...gateway(facts)];
}

/** Answers that say nothing about the client. */
function notOfTheClient({ status = 0, endpoint }: Facts): Cause[] {
  if (status >= 500) {
    const fact = `the status ${status} says that the server itself failed, or a gateway before it`;
    return [proved('other', fact, 'try again later, and report it to the operator of the server if it continues')];
  }
  if (status === 429) return [proved('other', 'the server got too many requests', 'wait, or send fewer')];
  if (status < 400 || status === 404 || status === 405) {
    const fact = `the status ${status} is no refusal of a client, so the URL may not be that of the ${endpoint}`;
    return [possible('other', fact, 'compare the URL with the metadata, or with what you were given')];
  }
  return [];
}

/** A gateway before the server may have answered in its place. */
function gateway({ error, saysCertificateMissing, saysCertificateRefused }: Facts): Cause[] {
  if (error !== undefined || saysCertificateMissing || saysCertificateRefused) return [];
  const fact = 'the answer has no OAuth error, so it may come from a gateway before the authorization server';
  return [
    possible('other', fact, 'ask the operator of the server whether the certificate and your IP address are allowed'),
  ];
}

function acceptedElsewhere(facts: Facts): Cause[] {
  const { accepted, method, assertion, issuer, tokenEndpoints } = facts;
  if (isAcceptedAlike(facts)) return [];
  const otherAudience = accepted.find(one => one.method === method && one.aud !== undefined);
  if (otherAudience?.aud !== undefined) {
    const fact = `aud was ${assertion?.aud}, and the same client was accepted with ${otherAudience.aud}`;
    const { aud } = otherAudience;
    const setting = aud === issuer ? 'issuer' : tokenEndpoints.includes(aud) ? 'token_endpoint' : aud;
    const remedy = `set client_assertion_audience to ${setting}`;
    return [proved('audience', fact, remedy)];
  }
  const other = accepted.find(one => one.method !== method)?.method;
  if (!other) return [];
  const fact = `the client was refused by ${method} and accepted by ${other}, so it is registered with that`;
  return [proved('method', fact, `set token_endpoint_auth_method to ${other}`)];
}

/** The configured issuer, which is the audience, differs from the one in its metadata (RFC 8414 section 3.3). */
function wrongIssuer({ serverFault, assertion, issuer }: Facts): Cause[] {
  const stated = serverFault?.statedIssuer;
  if (stated === undefined || assertion?.aud !== issuer) return [];
  return [
    proved('audience', `aud was ${issuer}, and the metadata there has the issuer ${stated}`, `set issuer to ${stated}`),
  ];
}

function unsupported({ server, endpoint, method, assertion }: Facts): Cause[] {
  const methods = server?.methods[endpoint];
  if (methods && !methods.includes(method)) {
    const fact = `the ${endpoint} does not accept ${method}, its metadata has ${toList(methods)}`;
    return [
      proved(
        'method',
        fact,
        'set token_endpoint_auth_method to one that the server accepts and the client is registered with',
      ),
    ];
  }
  const algorithms = server?.algorithms[endpoint];
  if (!assertion || !algorithms || algorithms.includes(assertion.alg)) return [];
  const fact = `the ${endpoint} does not accept ${assertion.alg}, its metadata has ${toList(algorithms)}`;
  return [proved('algorithm', fact, 'ask the operator of the server for PS256, which FAPI 2.0 requires')];
}

/** A signing key that is not the one in the JWKS. */
function keyFaults({ jwks, assertion }: Facts): Cause[] {
  if (!assertion || !jwks) return [];
  const { kid, count, isSame, sameUnder, kids, source } = jwks;
  const elsewhere = sameUnder[0];
  const setKid = elsewhere ? `set kid to ${elsewhere}` : undefined;
  if (count === 0) {
    const found = setKid
      ? `it has the public half of the signing key under ${elsewhere}`
      : `it has ${kids.length > 0 ? toList(kids) : 'no key IDs'}`;
    const remedy = setKid ?? `register the public half of the signing key under the kid ${kid}`;
    return [proved('key', `the kid ${kid} is not in the JWKS ${source}; ${found}`, remedy)];
  }
  if (isSame) return [];
  const fact = `under the kid ${kid} the JWKS ${source} has another key than the public half of the signing key`;
  return [
    proved(
      'key',
      fact,
      setKid ?? `use the signing key that belongs to ${kid}, or register the public half of this one`,
    ),
  ];
}
