// A refusal by the authorization server, inside the sandbox: what was sent, and the likely causes, the likeliest first. Pure.

import { toPlain } from '../client-auth/errors.ts';
import { findNamedCause, type NamedCause } from '../client-auth/server-words.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import type { TracedAssertion } from '../client-auth/trace.ts';

/** Times in seconds, since the Unix epoch where they are no durations. */
export type Answer = { status: number; date: string; text: string; receivedAt: number; duration: number };

/** What is known of a refused request. */
export type Refused = {
  answer: Answer;
  /** URL of the endpoint. */
  url: string;
  /** With `private_key_jwt`. */
  assertion: TracedAssertion | undefined;
  /** Whether it went to an https URL without transport certificate. */
  lacksCertificate: boolean;
  /** The registered JWKS, where it could be read. */
  jwks: string | undefined;
  read: ReadVariable;
};

/** The OAuth error of an answer, as it can be shown; empty where there is none. */
export type Refusal = { error: string; description: string };

/**
 * Reads the error of an answer that refuses the client; a handshake without certificate may end without answer.
 *
 * @returns undefined when the answer is none of that kind
 * @see RFC 6749 section 5.2
 */
export const readRefusal = ({ status, text }: Answer, lacksCertificate: boolean): Refusal | undefined => {
  if (status ? status !== 400 && status !== 401 : !lacksCertificate) return undefined;
  let body: Record<string, unknown> | null = null;
  try {
    body = JSON.parse(text);
  } catch {
    // The page of a proxy.
  }
  const [error, description] = ['error', 'error_description'].map(name => toPlain(`${body?.[name] ?? ''}`)) as [
    string,
    string,
  ];
  // invalid_request may be about the rest of the form.
  const isAboutClient = error
    ? /_client$/.test(error) || (error === 'invalid_request' && findNamedCause(error, description))
    : /certificate/i.test(text);
  return status !== 400 || isAboutClient ? { error, description } : undefined;
};

/** Seconds that the clock of the server is ahead of this one; 0 where the answer has no date. */
const toClockDifference = ({ date, receivedAt, duration }: Answer): number =>
  // A date has whole seconds.
  Math.round(Date.parse(date) / 1000 + 0.5 - receivedAt + duration / 2) || 0;

/** A cause: how likely it is (below 1 evidence shows it), by which words a server names it, and what it is with its remedy. */
type Cause = [rank: number, names: string, text: string];

/** Above this a cause is shown only when the server names it. */
const UNLIKELY = 9;

const findCauses = (
  { answer, url, assertion, lacksCertificate, jwks, read }: Refused,
  named?: NamedCause,
): string[] => {
  const where = `see Settings > Certificates or --ssl-client-cert, ${url.split('/')[2]}`;
  const causes: Cause[] = [
    [lacksCertificate ? 1 : UNLIKELY, 'certificate_missing', `no transport certificate was sent: ${where}`],
    [6, 'certificate_other', `another transport certificate is registered: ${where}`],
    [4, 'client_unknown client_mismatch', `client_id is unknown here: compare it and issuer with the registration`],
    [5, 'method', 'another method is registered: set token_endpoint_auth_method'],
  ];
  if (assertion) {
    const { aud, kid, iat } = assertion;
    const ahead = toClockDifference(answer) + Math.round(answer.receivedAt - answer.duration - iat);
    const isIssuer = aud === read('issuer').trim();
    const isKnown = jwks?.includes(JSON.stringify(kid));
    causes.push(
      [Math.abs(ahead) > 30 ? 0 : UNLIKELY, 'time lifetime', `the clocks differ: add ${ahead} to clock_offset`],
      [
        jwks && !isKnown ? 0 : isKnown ? 7 : 2,
        'key_unknown signature',
        `kid ${kid} is not registered, or with another key: compare both with the JWKS`,
      ],
      [
        isIssuer ? 3 : aud === read('token_endpoint') ? 1.5 : 0.5,
        'audience',
        `another aud than ${aud} is expected: set client_assertion_audience to ${isIssuer ? 'token_endpoint' : 'issuer'}`,
      ],
      [UNLIKELY, 'typ', 'another typ is expected: set client_assertion_typ to client-authentication+jwt, or unset it'],
      [UNLIKELY, 'algorithm assertion_incomplete jti_reused', 'compare it with what was sent'],
    );
  }
  const rankOf = ([rank, names]: Cause) => (named && names.includes(named) ? -1 : rank);
  const likely = answer.status ? causes.filter(cause => rankOf(cause) < UNLIKELY) : causes.slice(0, 1);
  return likely.sort((one, next) => rankOf(one) - rankOf(next)).map(([, , text], index) => `${index + 1}. ${text}`);
};

/** Explains a refusal, in lines. */
export const explainRefusal = (refused: Refused, { error, description }: Refusal): string[] => {
  const { answer, url, assertion } = refused;
  const sent = assertion
    ? `private_key_jwt, ${assertion.text}, ${Math.round(answer.receivedAt - assertion.iat)} s old`
    : 'tls_client_auth';
  return [
    `${url} answered ${answer.status || 'nothing'} ${error} ${description}`,
    ...findCauses(refused, findNamedCause(error, description)),
    `Sent: ${sent}. The server's clock is ${toClockDifference(answer)} s ahead.`,
  ];
};
