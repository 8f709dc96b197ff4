// What the server itself says is wrong, in one sentence and with a remedy: the causes of server-words.ts, put into words with the facts
// of the request. Pure, on the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { findNamedCause, type NamedCause } from '../../client-auth/server-words.ts';
import { type Cause, type Facts, named, type Topic } from './causes.ts';
import { describeClock } from './clock-causes.ts';

/** What the words of the server mean, and the one thing to do where the facts say nothing better. */
export interface Statement {
  topic: Topic;
  fact: string;
  remedy: string;
}

const KEY_REMEDY = 'compare key and kid with the registered JWKS';
const CERTIFICATE_REMEDY = 'use the certificate that is registered for the client, and issued for this environment';
const CLIENT_REMEDY = 'compare client_id and issuer with the registration';

const STATEMENTS: Record<NamedCause, Statement> = {
  assertion_incomplete: {
    topic: 'assertion',
    fact: 'the client assertion, or a part of it, is missing',
    remedy: 'compare the request and the output of "assertion --decode" with what the server asks for',
  },
  jti_reused: {
    topic: 'assertion',
    fact: 'the jti was used before',
    remedy: 'send each assertion once: look for a script, a proxy or a retry that sends it again',
  },
  audience: {
    topic: 'audience',
    fact: 'it does not accept the audience of the assertion',
    remedy: 'set client_assertion_audience to what it asks for',
  },
  typ: {
    topic: 'typ',
    fact: 'it asks for another "typ" in the header of the assertion',
    remedy: 'set client_assertion_typ to client-authentication+jwt',
  },
  algorithm: {
    topic: 'algorithm',
    fact: 'it does not accept the algorithm of the assertion for this client',
    remedy: 'register the client with token_endpoint_auth_signing_alg PS256',
  },
  signature: { topic: 'key', fact: 'it cannot verify the signature of the assertion', remedy: KEY_REMEDY },
  key_unknown: { topic: 'key', fact: 'it does not find the key of the assertion', remedy: KEY_REMEDY },
  certificate_missing: {
    topic: 'certificate',
    fact: 'it got no transport certificate',
    remedy: 'give --ssl-client-cert and --ssl-client-key, and call it without a proxy that ends TLS',
  },
  certificate_other: {
    topic: 'certificate',
    fact: 'it does not accept the transport certificate',
    remedy: CERTIFICATE_REMEDY,
  },
  lifetime: {
    topic: 'assertion',
    fact: 'the assertion is valid for too long',
    remedy: 'set client_assertion_lifetime to 60',
  },
  time: {
    topic: 'clock',
    fact: 'the times of the assertion are not in its range',
    remedy: 'compare the clocks and set clock_offset to the difference, or lower client_assertion_lifetime',
  },
  method: {
    topic: 'method',
    fact: 'the client is registered with another method',
    remedy: 'set token_endpoint_auth_method to the registered one',
  },
  client_unknown: {
    topic: 'client',
    fact: 'it does not know the client_id, or not with these credentials',
    remedy: CLIENT_REMEDY,
  },
  client_mismatch: {
    topic: 'client',
    fact: 'iss or sub of the assertion is not the client that it expects',
    remedy: CLIENT_REMEDY,
  },
};

/** What the answer says is wrong; undefined where its words name nothing. */
export function toStatement({ error = '', errorDescription = '' }: Facts): Statement | undefined {
  const cause = findNamedCause(error, errorDescription);
  return cause && STATEMENTS[cause];
}

/**
 * The cause that the server names.
 *
 * @param doubt what the facts say about the same thing, with the better remedy
 */
export function toNamedCause({ topic, fact, remedy }: Statement, facts: Facts, doubt: Cause | undefined): Cause {
  const wanted = topic === 'audience' ? toWantedEndpoint(facts) : undefined;
  if (wanted) return named(topic, `${fact}; ${wanted.fact}`, wanted.remedy);
  if (doubt) return named(topic, `${fact}; ${doubt.fact}`, doubt.remedy);
  const { clockDifference, clockOffset } = facts;
  if (topic !== 'clock' || clockDifference === undefined) return named(topic, fact, remedy);
  return named(
    topic,
    `${fact}, though ${describeClock(clockDifference, clockOffset)} by the date of its answer`,
    remedy,
  );
}

/** What to do where the server asks for an endpoint as the audience, and not for the issuer. */
function toWantedEndpoint({ errorDescription = '', assertion, url, tokenEndpoints }: Facts) {
  const words = errorDescription.toLowerCase();
  if (!assertion || !words.includes('endpoint') || words.includes('issuer')) return undefined;
  const isToken = /token[ _]endpoint/.test(words);
  const invoked = url.replace(/[?#].*$/, '');
  const name = isToken ? 'the token endpoint' : 'the endpoint of the request';
  if ((isToken ? tokenEndpoints : [invoked]).includes(assertion.aud)) {
    return {
      fact: `aud was ${name}, as it asks for`,
      remedy: 'ask its operator which URL it takes that endpoint to have',
    };
  }
  const setting = isToken ? 'token_endpoint' : toPlain(invoked);
  return {
    fact: `aud was ${toPlain(assertion.aud)}, not ${name}`,
    remedy: `set client_assertion_audience to ${setting}`,
  };
}
