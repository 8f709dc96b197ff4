// The one error of client authentication, in the sandbox and on the machine alike. Its message carries everything a
// reader needs, because Postman and Newman show the name and the message of an error and drop the rest.

/** What can be wrong. Closed: a test or a command may switch over it. */
export type ClientAuthErrorCode =
  | 'variable_missing'
  | 'variable_unresolved'
  | 'variable_invalid'
  | 'signing_key_ambiguous'
  | 'signing_key_certificate'
  | 'signing_key_damaged'
  | 'signing_key_encrypted'
  | 'signing_key_not_rsa'
  | 'signing_key_public'
  | 'signing_key_too_small'
  | 'signing_key_truncated'
  | 'signing_key_unreadable'
  | 'signing_key_wrong_use'
  | 'discovery_failed'
  | 'metadata_invalid'
  | 'request_body_invalid'
  | 'request_authenticated_twice'
  | 'signature_invalid'
  | 'signing_agent_failed'
  | 'built_ins_changed'
  // Of the library alone.
  | 'collection_invalid'
  | 'option_invalid'
  | 'run_failed';

/** Why a client can't be authenticated. The message names the variable and the remedy, and holds no key material. */
export class ClientAuthError extends Error {
  override readonly name = 'ClientAuthError';
  readonly code: ClientAuthErrorCode;
  /** The variable that is at fault, or the part of the request or of the metadata; undefined where it is none alone. */
  readonly variable: string | undefined;

  constructor(code: ClientAuthErrorCode, message: string, variable?: string) {
    super(message);
    this.code = code;
    this.variable = variable;
  }
}

/**
 * Makes the error of something that is not what it must be.
 *
 * @param subject the name of the variable, or of the part of the request or of the metadata
 * @param expected what it must be
 * @param got the shape of what it is, never its value where that could be secret
 * @param remedy one thing to do, as a whole sentence
 */
export const mustBe = (
  code: ClientAuthErrorCode,
  subject: string,
  expected: string,
  got: string,
  remedy: string,
): ClientAuthError => new ClientAuthError(code, `"${subject}" must be ${expected}, got ${got}. ${remedy}`, subject);

/**
 * Finds a reference to a variable, {{NAME}}, that nothing has resolved.
 *
 * @returns the name of the variable, or `…` where the text can't be a name and is not fit to be shown; undefined when there
 * is no reference
 */
export const findUnresolvedReference = (value: string): string | undefined => {
  const name = /\{\{([^{}]*)\}\}/.exec(value)?.[1];
  return name === undefined || /^[\w.$:/ -]{1,60}$/.test(name) ? name : '…';
};

/** Describes in an error what {@link findUnresolvedReference} has found. */
export const toUnresolved = (name: string): string => `an unresolved {{${name}}}`;

/**
 * Describes a value in an error: quoted when it is short and plain, else only by its length, since a key may have been
 * pasted into the wrong variable.
 */
export const shapeOf = (value: string): string => {
  if (value === '') return 'nothing';
  if (/^[\w .:/+-]{1,24}$/.test(value) || /^https?:\/\/[\w.:/-]{1,100}$/i.test(value)) return `"${value}"`;
  return `${value.length} characters of text`;
};

/**
 * Text from a server or a file as text that can be shown: short, without control characters, and without a token that it may
 * quote.
 *
 * @param length maximum number of characters
 */
export const toPlain = (text: string, length = 200): string =>
  text
    .slice(0, 10_000)
    .replace(/(?<![\w-])[\w-]{12,}\.[\w-]{12,}\.[\w-]*/g, '[token]')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, length);
