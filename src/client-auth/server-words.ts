// What the words of an authorization server say about a refused client: `error` and `error_description` in, the cause that they
// name out. Pure, on both sides. The sentences of twelve products are in its test.

/** What a server may say is wrong; `certificate` is that of the transport, `lifetime` that of the assertion. */
export type NamedCause =
  | 'assertion_incomplete'
  | 'jti_reused'
  | 'audience'
  | 'typ'
  | 'algorithm'
  | 'signature'
  | 'key_unknown'
  | 'certificate_missing'
  | 'certificate_other'
  | 'lifetime'
  | 'time'
  | 'method'
  | 'client_unknown'
  | 'client_mismatch';

/** Errors that are not about the client: of a code, a refresh token, a scope or an access token (RFC 6749 section 5.2). */
const OTHER_ERROR = /grant|scope|token|target|dpop|details/;

/** The sentence of RFC 6749 section 5.2 for all refusals names every cause, and so none; a header of JSON names its members. */
const NOISE = /unknown client, no .*method|\{.*\}/;

/** In order: the words of the first ones are the clearest. "exp claim is required" is not about times. */
const WORDS: [cause: NamedCause, words: RegExp][] = [
  // "The specified token is not of the expected type" is OpenIddict's.
  ['typ', /\btyp\b|tion\+jwt|expected type/],
  [
    'assertion_incomplete',
    /(assertion|\b(jti|iss|sub|aud|exp|iat|claim)\b)[^.]{0,60}(missing|required|must be provided)/,
  ],
  ['jti_reused', /\bjti\b|jwt id|replay|reuse|(been|already) (used|seen)|used .*once/],
  ['audience', /\baud\b|audience|endpoint invoked/],
  ['algorithm', /\balg/],
  ['signature', /signature|signed/],
  ['key_unknown', /\bkid\b|\bjwk|(public|signing|load|find|applicable|matching) key|key id|certificate for jwt/],
  [
    'certificate_missing',
    /\b(no|missing|without|present)( \w+){0,3} cert|certificate[^.]*(missing|required|not (been )?[pfs])/,
  ],
  ['certificate_other', /certificate|thumbprint|x5t|\bcnf\b|mtls|mutual|subject.?dn/],
  ['lifetime', /lifetime|unreasonabl|\b(exp|valid)[^.]*(too (long|large|far)|more than|exceed)/],
  ['time', /\b(iat|exp|nbf|clock|skew)\b|expir|too old|not (yet )?(active|valid yet)|in the (future|past)/],
  ['method', /auth\w*[ _-]me(thod|chanism)/],
  [
    'client_unknown',
    /(unknown|unrecogni.ed|unregistered|no such|invalid) (oauth2? )?(client|app)\w*\b(?! a)|(client|app)[^.]{0,60}(not (be )?(found|known|regi|exist|reco)|unknown|disabled)|oauth app|: client_id$/,
  ],
  ['client_mismatch', /\b(iss|sub|issuer|subject)\b/],
];

/**
 * Finds the cause that the answer of a server names; undefined if it names none.
 *
 * @param error the OAuth error, empty if there is none
 * @param description its description, in any words
 */
export function findNamedCause(error: string, description: string): NamedCause | undefined {
  if (OTHER_ERROR.test(error)) return undefined;
  const text = description.toLowerCase().slice(0, 500).replace(NOISE, '');
  return WORDS.find(([, words]) => words.test(text))?.[0];
}
