// A refusal in short lines of text: what was sent, what is known about the server, the causes in order. Pure, on the machine.

import { toPlain } from '../../client-auth/errors.ts';
import { describeValidity } from '../client/certificate-facts.ts';
import type { JwksFacts } from '../server/jwks-facts.ts';
import { type Cause, type Facts, toList } from './causes.ts';
import { describeClock } from './clock-causes.ts';
import { diagnose } from './diagnosis.ts';

/** Explains a refusal in short lines: what was sent, what is known about the server, the causes in order. */
export function explain(facts: Facts): string[] {
  const { endpoint, url, status, error, errorDescription, connectionCode } = facts;
  const words = errorDescription ? ` "${toPlain(errorDescription)}"` : '';
  const answer =
    connectionCode === undefined
      ? `answered ${status ?? 'nothing'}${error ? ` ${toPlain(error)}` : ' without an OAuth error'}${words}`
      : `could not be reached: ${connectionCode}`;
  const causes = diagnose(facts);
  return [
    `${endpoint} ${url} ${answer}`,
    `  sent: ${describeSent(facts)}`,
    `  transport certificate: ${describeCertificate(facts.certificate)}`,
    `  server: ${describeServer(facts).join('; ') || 'nothing is known about it'}`,
    ...causes.map((cause, index) => `  ${index + 1}. ${describeCause(cause)}`),
  ];
}

const WORDS = { proved: 'proved', named: 'the server says', possible: 'possible' } as const;

/** A cause as one sentence: whether it is proved, what it is, and its remedy. */
export function describeCause({ fact, evidence, remedy }: Cause): string {
  return `${WORDS[evidence]}: ${fact}: ${remedy}`;
}

function describeSent({ method, assertion }: Facts): string {
  if (!assertion) return method;
  const { alg, kid, typ, aud, iss, iat, exp } = assertion;
  return `${method}, alg=${alg} kid=${kid}${typ === undefined ? '' : ` typ=${toPlain(typ)}`} aud=${aud} iss=${iss}, lifetime ${exp - iat} s`;
}

function describeCertificate(certificate: Facts['certificate']): string {
  if (certificate === undefined) return 'not known';
  if (certificate === 'none') return 'none was sent';
  if (certificate === 'unreadable') return 'cannot be read';
  return `${certificate.subject}, ${describeValidity(certificate)}`;
}

function describeServer(facts: Facts): string[] {
  const { clockDifference, server, endpoint, jwks, assertion, serverFault, jwksFault } = facts;
  const methods = server?.methods[endpoint];
  const algorithms = server?.algorithms[endpoint];
  const key = jwks && assertion && `${describeKey(jwks)} in the JWKS ${jwks.source}`;
  return [
    clockDifference === undefined ? '' : describeClock(clockDifference),
    methods ? `methods ${toList(methods)}` : '',
    algorithms ? `algorithms ${toList(algorithms)}` : '',
    key ?? '',
    serverFault ? `its metadata could not be read: ${serverFault.reason}` : '',
    jwksFault ? `the JWKS could not be read: ${jwksFault.reason}` : '',
  ].filter(text => text !== '');
}

function describeKey({ count, isSame, kid }: JwksFacts): string {
  if (count === 0) return `kid ${kid} is not`;
  return isSame ? `kid ${kid} with this key is` : `kid ${kid} with another key is`;
}
