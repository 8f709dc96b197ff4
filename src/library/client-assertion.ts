// `createClientAssertion` of the library: one client assertion from key and settings. On the machine. RFC 7523 section 3.

import { toSigner } from '../cli/client/ps256.ts';
import { createSignCommand } from '../cli/client/sign-command.ts';
import { toPublicKey } from '../cli/client/signing-options.ts';
import { createClientAssertion as create } from '../client-auth/client-assertion.ts';
import { mustBe } from '../client-auth/errors.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';
import { readClientId, readSigning, readTyp } from '../client-auth/settings.ts';
import { toKeyText } from './key-text.ts';
import { inOptions } from './words.ts';

/** Who the client is, and for whom the assertion is. */
export interface ClientAssertionOptions {
  /** The client identifier that was registered. */
  clientId: string;
  /**
   * An RSA private key of 2048 bits or more: PEM, JWK or DER in Base64 as text, in any form that a paste gives it; or a `KeyObject`,
   * a JWK as an object, or the bytes of a text file.
   */
  signingKey?: string | object;
  /**
   * A command that signs instead, with a key in an HSM or a KMS. The shell runs it; it gets the SHA-256 digest of what is to be signed
   * on standard input, 32 bytes, and writes the raw signature to standard output: RSA-PSS, SHA-256, a salt of 32 bytes.
   */
  signCommand?: string;
  /** What the command gets: the digest, or the message itself. Default: `digest`. */
  signCommandInput?: 'digest' | 'message';
  /** The public key of the command, to verify its signature: PEM, a `KeyObject`, or a JWK as an object. Default: none is verified. */
  publicKey?: string | object;
  /** Key ID of the key in the registered JWKS. May be left out where the signing key is a JWK that has one. */
  kid?: string;
  /** `aud`: the URL of the token endpoint or the issuer, whichever the authorization server takes. */
  audience: string;
  /** Seconds from `iat` to `exp`, 1 to 600. Default: 600. */
  lifetime?: number;
  /** Seconds to add to the clock of this machine. Default: 0. */
  clockOffset?: number;
  /** `typ` of the header (RFC 10070). Default: none. */
  typ?: 'client-authentication+jwt';
}

/** The claims of an assertion; times are whole seconds since the Unix epoch. */
export interface ClientAssertionClaims {
  iss: string;
  sub: string;
  aud: string;
  iat: number;
  exp: number;
  jti: string;
}

/** A client assertion, and what of it can be shown. */
export interface ClientAssertion {
  /** A compact JWS, signed by PS256. It is as secret as a password until it expires, and good for one request. */
  assertion: string;
  kid: string;
  claims: ClientAssertionClaims;
}

/**
 * Makes one client assertion for `private_key_jwt`. Send it as the form parameter `client_assertion`, with `client_id`, and with the
 * `client_assertion_type` `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
 *
 * @throws ClientAuthError `variable_…` for an option that is missing or wrong, `signing_key_…` for the key; its `variable` names the
 * option, its message holds no key material
 * @see RFC 7523 section 3, RFC 7518 section 3.5
 */
export function createClientAssertion(options: ClientAssertionOptions): ClientAssertion {
  return inOptions(() => {
    const { clientId, signingKey, kid, audience, lifetime, clockOffset, typ } = options;
    const values: Record<string, unknown> = {
      ...{ client_id: clientId, signing_key: toKeyText(signingKey), kid },
      ...{ client_assertion_lifetime: lifetime, clock_offset: clockOffset, client_assertion_typ: typ },
    };
    const read = (name: string) => String(values[name] ?? '');
    const aud = String(audience ?? '');
    checkServerUrl('audience', aud, 'It is the token endpoint, or the issuer.');
    const id = readClientId(read);
    const { signCommand: command, signCommandInput: input = 'digest', publicKey } = options;
    if (command !== undefined && signingKey !== undefined) {
      throw mustBe('option_invalid', 'signingKey', 'left out beside signCommand', 'both', 'Give one of them.');
    }
    const verifying = publicKey === undefined ? undefined : toPublicKey(publicKey);
    const signs = command === undefined ? undefined : createSignCommand(command, input, verifying);
    const signer = toSigner(readSigning(read), signs?.key);
    return { ...create(id, aud, readTyp(read), signer), kid: signer.kid };
  });
}
