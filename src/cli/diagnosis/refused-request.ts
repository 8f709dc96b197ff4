// The facts of one refused request, which `diagnosis.ts` judges: what its form, its answer and the surroundings say. Pure, on the
// machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import { parseObject, readJwsParts } from '../secrets/json-object.ts';
import { compareClocks } from '../server/clock.ts';
import { compareWithJwks, hasSigned } from '../server/jwks-facts.ts';
import type { AssertionFacts, Facts, Way } from './causes.ts';
import type { Surroundings } from './surroundings.ts';

/** A request to an endpoint of the authorization server that was refused, or that did not reach it. */
export interface RefusedRequest {
  endpoint: EndpointName;
  url: string;
  /** The form as it was sent, `application/x-www-form-urlencoded`. */
  form: string;
  /** HTTP status; undefined when there was no answer. */
  status?: number | undefined;
  /** Body of the answer. */
  body?: string | undefined;
  /** Headers `Date` and `Age` of the answer. */
  date?: string | undefined;
  age?: string | undefined;
  /** When the answer arrived, in milliseconds since the Unix epoch by the local clock. */
  receivedAt?: number | undefined;
  /** Milliseconds from the request to the answer; 0 if not known. */
  duration?: number | undefined;
  /** Code of a failed connection, see `toConnectionCode`. */
  connectionCode?: string | undefined;
}

/** How a form authenticates the client. */
export function toWay(form: URLSearchParams): Way {
  const jws = form.get('client_assertion');
  if (jws === null) return { method: 'tls_client_auth', aud: undefined };
  return { method: 'private_key_jwt', aud: decodeAssertion(jws)?.aud };
}

/** An error code of OAuth (RFC 6749 section 5.2). A gateway may have a word like "Unauthorized" there. */
const OAUTH_ERROR = /^[a-z]+(_[a-z]+)+$/;

/**
 * What the body of an answer says about the refusal.
 *
 * @see RFC 6749 section 5.2
 */
export function readAnswer(
  body: string,
): Pick<Facts, 'error' | 'errorDescription' | 'saysCertificateMissing' | 'saysCertificateRefused'> {
  // In problem details the description is "detail" (RFC 9457 section 3.1.4).
  const { error, error_description: description, detail } = parseObject(body);
  return {
    error: OAUTH_ERROR.test(String(error)) ? String(error) : undefined,
    errorDescription: toText(description) ?? toText(detail),
    // The sentences of nginx.
    saysCertificateMissing: /no required ssl certificate/i.test(body),
    saysCertificateRefused: /the ssl certificate error/i.test(body),
  };
}

/**
 * Collects what is known about one refused request. Never throws.
 *
 * @param accepted the ways in which the server accepted the same client
 */
export function toFacts(surroundings: Surroundings, request: RefusedRequest, accepted: Way[] = []): Facts {
  const { known, server, serverFault, certificate, registeredSubject, clockOffset, jwks, jwksFault } = surroundings;
  const { endpoint, url, status, body = '', date, age, receivedAt, duration = 0, connectionCode } = request;
  const form = new URLSearchParams(request.form);
  const jws = form.get('client_assertion');
  const assertion = jws === null ? undefined : decodeAssertion(jws);
  const sentAt = receivedAt === undefined ? undefined : receivedAt - duration;
  const measured =
    sentAt === undefined ? undefined : compareClocks({ date, age, sentAt, receivedAt: sentAt + duration });
  const tokenEndpoints = [known.endpoints.token_endpoint, known.replaced.token_endpoint];
  return {
    endpoint,
    url,
    status,
    ...readAnswer(body),
    connectionCode,
    formFaults: findFormFaults(form, assertion),
    method: toWay(form).method,
    assertion,
    certificate,
    registeredSubject,
    clockOffset,
    clockDifference: measured ?? server?.clockDifference,
    sentAt: sentAt === undefined ? undefined : sentAt / 1000,
    issuer: known.issuer || undefined,
    tokenEndpoints: tokenEndpoints.filter(value => value !== undefined),
    server,
    serverFault,
    jwksFault,
    jwks:
      jwks && jws && assertion
        ? compareWithJwks(jwks.source, jwks.keys, assertion.kid, key => hasSigned(key, jws))
        : undefined,
    accepted,
    acceptedOthers: [],
    refused: [],
  };
}

const toText = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Header and claims of a client assertion; undefined when it has no times. The signature is not verified. */
function decodeAssertion(jws: string): AssertionFacts | undefined {
  const { header, claims } = readJwsParts(jws);
  if (typeof claims.iat !== 'number' || typeof claims.exp !== 'number') return undefined;
  const { iat, exp } = claims;
  return {
    alg: String(header.alg),
    kid: String(header.kid),
    typ: header.typ === undefined ? undefined : String(header.typ),
    iss: String(claims.iss),
    aud: String(claims.aud),
    iat,
    exp,
  };
}

function findFormFaults(form: URLSearchParams, assertion: AssertionFacts | undefined): string[] {
  const faults: string[] = [];
  const names = ['client_id', 'client_assertion', 'client_assertion_type'] as const;
  for (const name of names) {
    const { length } = form.getAll(name);
    if (length > 1) faults.push(`the form had ${name} ${length} times`);
  }
  const clientId = form.get('client_id');
  if (!clientId) faults.push('the form had no client_id');
  if (form.has('client_assertion') !== form.has('client_assertion_type')) {
    const [present, missing] = form.has('client_assertion') ? [names[1], names[2]] : [names[2], names[1]];
    faults.push(`the form had ${present} and no ${missing}`);
  }
  if (form.has('client_assertion') && !assertion) faults.push('client_assertion was not a JWT with iat and exp');
  if (clientId && assertion && assertion.iss !== clientId) faults.push('iss was not the client_id of the form');
  return faults;
}
