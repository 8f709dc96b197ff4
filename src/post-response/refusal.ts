// A refusal by the authorization server, inside the sandbox: what was sent, and the likely causes, the likeliest first. Pure.

import type { SentAssertion } from './sent-request.ts';

/** Times in seconds, since the Unix epoch where they are no durations. */
export type Answer = { status: number; date: string; text: string; receivedAt: number; duration: number };

/** What is known of the refused request. */
export type Refused = {
  answer: Answer;
  /** With `private_key_jwt`. */
  assertion: SentAssertion | undefined;
  clientId: string;
  endpointUrl: string;
  issuer: string;
  tokenEndpoint: string | undefined;
  hasCertificate: boolean;
};

const parse = (text: string): Record<string, unknown> => {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value ? value : {};
  } catch {
    return {};
  }
};

/** Text of a server that can be shown: short, without control characters and without a token that it may quote. */
const toPlain = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .slice(0, 2000)
        .replace(/[\w-]{12,}\.[\w-]{12,}\.[\w-]*/g, '[token]')
        .replace(/[^\x20-\x7e]/g, '?')
        .slice(0, 200)
    : '';

/**
 * Reads the error of an answer that refuses the client.
 *
 * @returns undefined when the answer is none of that kind
 * @see RFC 6749 section 5.2
 */
export const readRefusal = ({ status, text }: Answer): { error: string; description: string } | undefined => {
  const body = parse(text);
  const error = toPlain(body.error);
  const description = toPlain(body.error_description);
  const isRefusal =
    status === 401 ||
    (status === 400 && (/^(invalid|unauthorized)_client$/.test(error) || (!error && /certificate/i.test(text))));
  return isRefusal ? { error, description } : undefined;
};

/** Seconds that the clock of the server is ahead; undefined where the answer has no date. */
const toClockDifference = ({ date, receivedAt, duration }: Answer): number | undefined => {
  const server = Date.parse(date) / 1000;
  // The date is cut to whole seconds.
  return Number.isNaN(server) ? undefined : Math.round(server + 0.5 - (receivedAt - duration / 2));
};
