// Checks the signing key and its key ID. Pure, on the machine.

import { mustBe, toPlain } from '../../client-auth/errors.ts';
import { EXPECTED_KID } from '../../client-auth/settings.ts';
import { importSigningKey, type SigningKey } from '../../client-auth/signing-key.ts';
import { failure, type Line, line } from './line.ts';
import type { CheckedVariables } from './settings.ts';

/** The signing key and its key ID. */
export interface CheckedSigningKey {
  lines: Line[];
  /** Undefined when it can't be used, or none is needed. */
  key: SigningKey | undefined;
  /** Empty when there is none. */
  kid: string;
  /** Why nothing can be signed here, as there is no key. */
  withoutKey: string;
}

/** Checks the signing key and its key ID; without lines for `tls_client_auth`, which needs none. */
export function checkSigningKey({ settings, atFault }: CheckedVariables): CheckedSigningKey {
  const withoutKey = 'signing_key or kid is not valid';
  if (settings.method === 'tls_client_auth') return { lines: [], key: undefined, kid: '', withoutKey };
  if (settings.agent) return withAgent(settings.kid);
  const { key, line: keyLine } = importKey(settings.signingKey);
  const kid = settings.kid || key?.kid || '';
  const lines = [
    ...(atFault.has('signing_key') ? [] : [keyLine]),
    ...(atFault.has('kid') ? [] : [checkKid(kid, key?.kid)]),
  ];
  return { lines, key, kid, withoutKey };
}

/** The agent has the key, and may have its ID; only the script asks it. */
function withAgent(kid: string): CheckedSigningKey {
  const name = 'signing_agent';
  const set = line('signing_agent_set', name, 'a signing agent on this machine signs; check does not ask it');
  const lines = kid === '' ? [set] : [set, line('kid_set', 'kid', toPlain(kid))];
  return { lines, key: undefined, kid, withoutKey: 'the signing agent has the key' };
}

function importKey(text: string): { key: SigningKey | undefined; line: Line } {
  const name = 'signing_key';
  try {
    const key = importSigningKey(text);
    return { key, line: line('signing_key_valid', name, `RSA private key of ${key.key.bits} bits`) };
  } catch (error) {
    return { key: undefined, line: failure(name, error) };
  }
}

function checkKid(kid: string, kidOfJwk: string | undefined): Line {
  const name = 'kid';
  if (kid === '') {
    return failure(name, mustBe('variable_missing', name, EXPECTED_KID, 'nothing', 'Set it in the environment.'));
  }
  if (!kidOfJwk || kidOfJwk === kid) return line('kid_set', name, toPlain(kid));
  const message =
    '"kid" must be the one of the JWK in "signing_key", got another. Unset it, or check which one is registered.';
  return line('kid_not_of_jwk', name, message);
}
