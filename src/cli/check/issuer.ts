// Checks the issuer: whether its metadata can be read and has the same issuer (RFC 8414 section 3.3). On the machine.

import { ClientAuthError, mustBe } from '../../client-auth/errors.ts';
import type { Tls } from '../client/transport.ts';
import type { ReadingFault } from '../diagnosis/causes.ts';
import { type Surroundings, toReadingFault } from '../diagnosis/surroundings.ts';
import { fetchServerFacts, type ServerFacts } from '../server/metadata.ts';
import { explainConnection } from './connection.ts';
import { failure, type Line, line, notChecked } from './line.ts';

const NAME = 'issuer';

/** The metadata of the issuer, or why it could not be read; neither if no issuer is set. */
export interface CheckedIssuer {
  line: Line;
  server?: ServerFacts;
  fault?: ReadingFault;
}

/** Fetches and checks the metadata of the issuer. */
export async function checkIssuer(issuer: string, tls: Tls, surroundings: Surroundings): Promise<CheckedIssuer> {
  if (issuer === '') return { line: missing(surroundings) };
  try {
    const server = await fetchServerFacts(issuer, tls);
    return { line: line('issuer_valid', NAME, `equal to the one in ${server.url}`), server };
  } catch (error) {
    const fault = toReadingFault(error);
    if (error instanceof ClientAuthError) return { line: failure(NAME, error), fault };
    const message = explainConnection('token_endpoint', issuer, error, surroundings);
    return { line: line('issuer_unreachable', NAME, message), fault };
  }
}

function missing({ known }: Surroundings): Line {
  if (Object.keys(known.configured).length > 0) {
    return notChecked('issuer_not_checked', NAME, 'it is not set, but the endpoints are');
  }
  return missingIssuer();
}

/** The line for an issuer that is not set, where no endpoint is set either. */
export function missingIssuer(): Line {
  const [expected, remedy] = ['the issuer of the authorization server', 'Set it in the environment.'];
  return failure(NAME, mustBe('variable_missing', NAME, expected, 'nothing', remedy));
}
