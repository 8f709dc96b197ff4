// Checks the signing key and its key ID; a command that signs in its place is run once. On the machine.

import { mustBe, toPlain } from '../../client-auth/errors.ts';
import { EXPECTED_KID } from '../../client-auth/settings.ts';
import { importSigningKey, type RsaPrivateKey } from '../../client-auth/signing-key.ts';
import type { SignCommand } from '../client/sign-command.ts';
import { failure, type Line, line } from './line.ts';
import type { CheckedVariables } from './settings.ts';

/** The signing key and its key ID. */
export interface CheckedSigningKey {
  lines: Line[];
  /** The public half; undefined when the key can't be used, none is needed, or it is not known. */
  key: Pick<RsaPrivateKey, 'n' | 'e'> | undefined;
  /** Empty when there is none. */
  kid: string;
  /** Why nothing can be signed here; empty where it can. */
  obstacle: string;
}

/** Checks the signing key, or what signs in its place, and its key ID; without lines for `tls_client_auth`, which needs none. */
export function checkSigningKey({ settings, atFault }: CheckedVariables, command?: SignCommand): CheckedSigningKey {
  const obstacle = 'signing_key or kid is not valid';
  if (settings.method === 'tls_client_auth') return { lines: [], key: undefined, kid: '', obstacle };
  if (settings.agent) {
    const { kid } = settings;
    return { lines: describeAgent(kid), key: undefined, kid, obstacle: 'the signing agent has the key' };
  }
  const checked = command ? tryCommand(command) : importKey(settings.signingKey);
  const kid = settings.kid || checked.kid || '';
  const lines = [
    ...(atFault.has('signing_key') ? [] : [checked.line]),
    ...(atFault.has('kid') ? [] : [checkKid(kid, checked.kid)]),
  ];
  return { lines, key: checked.key, kid, obstacle: checked.line.status !== 'fail' && kid !== '' ? '' : obstacle };
}

/** The agent has the key, and may have its ID; only the script asks it. */
function describeAgent(kid: string): Line[] {
  const name = 'signing_agent';
  const set = line('signing_agent_set', name, 'a signing agent on this machine signs; check does not ask it');
  return kid === '' ? [set] : [set, line('kid_set', 'kid', toPlain(kid))];
}

interface Checked {
  line: Line;
  key?: Pick<RsaPrivateKey, 'n' | 'e'>;
  kid?: string | undefined;
}

function importKey(text: string): Checked {
  const name = 'signing_key';
  try {
    const { key, kid } = importSigningKey(text);
    return { key, kid, line: line('signing_key_valid', name, `RSA private key of ${key.bits} bits`) };
  } catch (error) {
    return { line: failure(name, error) };
  }
}

/** Signs once, for the check alone. */
function tryCommand({ key, publicKey }: SignCommand): Checked {
  const name = 'sign command';
  try {
    key.sign('check');
  } catch (error) {
    return { line: failure(name, error, 'sign_command_failed') };
  }
  if (!publicKey) {
    const message = 'gave a signature, which was not verified: give --public-key, or --jwks with a file';
    return { line: line('sign_command_not_verified', name, message) };
  }
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  const message = `gave a signature, which verifies by the public key of ${bits} bits`;
  return { key: { n: toNumber(n), e: toNumber(e) }, line: line('sign_command_valid', name, message) };
}

const toNumber = (base64url: string): bigint => BigInt(`0x${Buffer.from(base64url, 'base64url').toString('hex')}`);

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
