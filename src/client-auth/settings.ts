// The variables that say who the client is, read and checked once, on both sides. A variable that is needed and not set,
// or that still holds {{NAME}}, stops the request.

import { type ClientAuthError, findUnresolvedReference, mustBe, shapeOf, toUnresolved } from './errors.ts';
import { checkServerUrl } from './server-url.ts';

/** Gives the value of a variable as text, references resolved; empty when it is not set. */
export type ReadVariable = (name: string) => string;

/** Where the audience of the assertion comes from. */
export type Audience = { from: 'token_endpoint' | 'issuer' } | { from: 'url'; url: string };

/** What is signed with, and how long a signed JWT is valid. */
export type Signing = {
  /** As pasted; see `importSigningKey`. */
  signingKey: string;
  /** The URL of the signing agent that has the key instead; empty for none. */
  agent: string;
  /** Empty when it has to come from the JWK. */
  kid: string;
  /** Seconds, 1 to 600. */
  lifetime: number;
  /** Seconds to add to the local clock. */
  clockOffset: number;
};

export type Settings = {
  clientId: string;
  /** Whether what authenticates the client in another way, in a request to an endpoint, is replaced; else it is refused. */
  replaces: boolean;
} & ({ method: 'tls_client_auth' } | ({ method: 'private_key_jwt'; audience: Audience; typ: string } & Signing));

/** A path of 256 random bits, in base64url, on this machine: no other host and no proxy should ever see it. */
const AGENT_URL = /^http:\/\/127\.0\.0\.1:\d{1,5}\/[\w-]{43}$/;

export const EXPECTED_KID = 'the key ID in the registered JWKS';
const EXPECTED_AUDIENCE = 'token_endpoint, issuer, or an https URL';

/**
 * Whether a text can be an identifier, which is shown and sent: not a key that was pasted into the wrong variable, nor
 * something that could forge a line of the console.
 */
const isIdentifier = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
  text.length <= 256 && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]|-----BEGIN|^[{[]/.test(text);

const invalidValue = (name: string, expected: string, value: string, remedy: string): ClientAuthError =>
  mustBe('variable_invalid', name, expected, shapeOf(value), remedy);

/**
 * Refuses a key ID that can't be one. An empty one passes.
 *
 * @throws ClientAuthError `variable_invalid`
 */
export const checkKid = (kid: string): string => {
  if (isIdentifier(kid)) return kid;
  throw invalidValue('kid', EXPECTED_KID, kid, 'Copy it from the JWKS.');
};

/**
 * Reads a variable that may be unset, and must not refer to one that is unset.
 *
 * @throws ClientAuthError `variable_unresolved`
 */
const readResolved = (read: ReadVariable, name: string, expected: string): string => {
  const value = read(name).trim();
  const reference = findUnresolvedReference(value);
  if (!reference) return value;
  const remedy = 'Set that variable, or write the value itself.';
  throw mustBe('variable_unresolved', name, expected, toUnresolved(reference), remedy);
};

/** Reads a variable that is one of two words, the first by default, which may be none. */
const readChoice = <Choice extends string>(read: ReadVariable, name: string, choices: [Choice, Choice]): Choice => {
  const byDefault = choices[0] || 'nothing';
  const expected = `${byDefault} or ${choices[1]}`;
  const value = readResolved(read, name, expected);
  const choice = value ? choices.find(one => one === value) : choices[0];
  if (choice !== undefined) return choice;
  throw invalidValue(name, expected, value, `Unset it for the default of ${byDefault}.`);
};

const readSeconds = (read: ReadVariable, name: string, min: number, max: number, byDefault: number): number => {
  const expected = `a whole number of seconds from ${min} to ${max}`;
  const value = readResolved(read, name, expected);
  if (value === '') return byDefault;
  const number = /^[+-]?\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalidValue(name, expected, value, `Unset it for the default of ${byDefault}.`);
};

/** Reads the URL of the signing agent, which is never shown. */
const readAgent = (read: ReadVariable): string => {
  const expected = 'the URL that "paynet-client-auth agent" prints';
  const agent = readResolved(read, 'signing_agent', expected);
  const refuse = (got: string, remedy: string): never => {
    throw mustBe('variable_invalid', 'signing_agent', expected, got, remedy);
  };
  if (agent && !AGENT_URL.test(agent)) refuse(`${agent.length} other characters`, 'Copy it again.');
  if (agent && read('signing_key').trim()) refuse('it and "signing_key" too', 'Unset one of them.');
  return agent;
};

/**
 * Reads what is signed with. The key itself is checked when it is imported.
 *
 * @throws ClientAuthError `variable_unresolved`, `variable_invalid`
 */
export const readSigning = (read: ReadVariable): Signing => ({
  signingKey: read('signing_key'),
  agent: readAgent(read),
  kid: checkKid(readResolved(read, 'kid', EXPECTED_KID)),
  lifetime: readSeconds(read, 'client_assertion_lifetime', 1, 600, 600),
  clockOffset: readSeconds(read, 'clock_offset', -86400, 86400, 0),
});

/**
 * Reads the media type of assertions; empty for none.
 *
 * @throws ClientAuthError `variable_unresolved`, `variable_invalid`
 */
export const readTyp = (read: ReadVariable): string =>
  readChoice(read, 'client_assertion_typ', ['', 'client-authentication+jwt']);

/**
 * Reads the client identifier.
 *
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, `variable_invalid`
 */
export const readClientId = (read: ReadVariable): string => {
  const expected = 'the client identifier that was registered';
  const clientId = readResolved(read, 'client_id', expected);
  if (clientId === '') {
    const remedy = 'Set it in the environment, and select the environment.';
    throw mustBe('variable_missing', 'client_id', expected, 'nothing', remedy);
  }
  // client-id = *VSCHAR (RFC 6749 appendix A.1)
  if (!/^[\x20-\x7e]+$/.test(clientId) || clientId.includes('{{') || !isIdentifier(clientId)) {
    throw invalidValue('client_id', expected, clientId, 'Copy it again.');
  }
  return clientId;
};

/**
 * Reads the settings of the client.
 *
 * @throws ClientAuthError `variable_missing`, `variable_unresolved`, `variable_invalid`
 * @see RFC 7591 section 2 for `token_endpoint_auth_method`
 */
export const readSettings = (read: ReadVariable): Settings => {
  const clientId = readClientId(read);
  const replaces = readChoice(read, 'existing_client_authentication', ['refuse', 'replace']) === 'replace';
  const method = readChoice(read, 'token_endpoint_auth_method', ['private_key_jwt', 'tls_client_auth']);
  if (method === 'tls_client_auth') return { method, clientId, replaces };
  return {
    method,
    clientId,
    replaces,
    typ: readTyp(read),
    audience: readAudience(readResolved(read, 'client_assertion_audience', EXPECTED_AUDIENCE)),
    ...readSigning(read),
  };
};

const readAudience = (value: string): Audience => {
  if (value === '') return { from: 'token_endpoint' };
  if (value === 'token_endpoint' || value === 'issuer') return { from: value };
  if (!/^https?:\/\//i.test(value)) {
    const remedy = 'Set what the server expects as "aud".';
    throw invalidValue('client_assertion_audience', EXPECTED_AUDIENCE, value, remedy);
  }
  checkServerUrl('client_assertion_audience', value);
  return { from: 'url', url: value };
};
