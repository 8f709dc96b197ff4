// A client assertion in words: header, claims and times, and whether it is well formed by the rules of PayNet and RFC 7523.
// Pure, on the machine.

import { isUtf8 } from 'node:buffer';
import { fromBase64url, fromHex } from '../../client-auth/encoding.ts';
import { readObject, skipSpace } from '../collection/json-text.ts';

/** A decoded part, header or claims. */
interface Part {
  json: Record<string, unknown>;
  isUtf8: boolean;
  /** Names of members that are there more than once, each as often as it is repeated. */
  repeated: string[];
}

/** A decoded assertion; a part that can't be read is undefined. */
interface DecodedAssertion {
  header: Part | undefined;
  claims: Part | undefined;
  /** Bytes of the signature. */
  signatureLength: number | undefined;
  parts: number;
}

function decodePart(part: string | undefined): Part | undefined {
  const hex = part === undefined ? undefined : fromBase64url(part);
  if (hex === undefined) return undefined;
  const bytes = Buffer.from(hex, 'hex');
  const text = bytes.toString('utf8');
  try {
    const json = JSON.parse(text);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    const names = readObject(text, skipSpace(text, 0)).members.map(({ key }) => key);
    return { json, isUtf8: isUtf8(bytes), repeated: names.filter((name, at) => names.indexOf(name) < at) };
  } catch {
    return undefined;
  }
}

/** Decodes an assertion without judging it. */
function decode(jwt: string): DecodedAssertion {
  const parts = jwt.split('.');
  const signature = parts[2] === undefined ? undefined : fromBase64url(parts[2]);
  return {
    header: decodePart(parts[0]),
    claims: decodePart(parts[1]),
    signatureLength: signature === undefined ? undefined : fromHex(signature).length,
    parts: parts.length,
  };
}

/**
 * What is wrong with the form of an assertion, a sentence for each fault. The signature is not verified: that needs the public
 * key.
 *
 * @param now seconds since the Unix epoch
 */
function findFaults({ header, claims, signatureLength, parts }: DecodedAssertion, now: number): string[] {
  const faults: string[] = [];
  const expect = (isTrue: boolean, sentence: string) => {
    if (!isTrue) faults.push(sentence);
  };
  // RFC 7515 section 7.1
  expect(parts === 3, `A compact JWS has three parts with dots between them, this has ${parts}.`);
  expect(header !== undefined, 'The header is not a JSON object in base64url without padding.');
  expect(claims !== undefined, 'The claims are not a JSON object in base64url without padding.');
  expect(signatureLength !== undefined && signatureLength > 0, 'The signature is missing, or not base64url.');
  for (const [title, part] of Object.entries({ header, claims })) {
    expect(part?.isUtf8 !== false, `The ${title} ${title === 'header' ? 'is' : 'are'} not UTF-8.`);
    // RFC 7515 section 4, RFC 7519 section 4: the names must be unique.
    for (const name of part?.repeated ?? [])
      faults.push(`${JSON.stringify(name)} is in the ${title} more than once; servers differ in which one they use.`);
  }
  if (header) {
    const { alg, kid, typ, ...others } = header.json;
    expect(alg === 'PS256', `"alg" must be PS256, got ${describe(alg)}.`);
    expect(isText(kid), `"kid" must be the key ID in the registered JWKS, got ${describe(kid)}.`);
    expect(typ === undefined || isText(typ), `"typ" must be text or missing, got ${describe(typ)}.`);
    for (const name of Object.keys(others))
      faults.push(`${JSON.stringify(name)} must not be in the header, which has only "alg" and "kid".`);
    // RFC 7518 section 3.5: 2048 bits or more.
    if (signatureLength !== undefined && alg === 'PS256') {
      expect(signatureLength >= 256, `A signature of PS256 has 256 bytes or more, this has ${signatureLength}.`);
    }
  }
  if (!claims) return faults;
  const { iss, sub, aud, iat, exp, nbf, jti } = claims.json;
  expect(isText(iss), `"iss" must be the client_id, got ${describe(iss)}.`);
  expect(iss === sub, `"sub" must be equal to "iss", got ${describe(sub)}.`);
  expect(isText(aud), `"aud" must be one string (FAPI 2.0), got ${describe(aud)}.`);
  expect(isText(jti), `"jti" must be a UUIDv4, got ${describe(jti)}.`);
  if (isText(jti)) {
    const isUuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(jti);
    expect(isUuid, '"jti" must be a UUIDv4, got other text.');
  }
  for (const [name, value] of Object.entries({ iat, exp, ...(nbf !== undefined && { nbf }) })) {
    expect(Number.isInteger(value), `"${name}" must be whole seconds since 1970, got ${describe(value)}.`);
    if (Number.isInteger(value))
      expect((value as number) < 1e11, `"${name}" is in milliseconds; it must be in seconds.`);
  }
  if (Number.isInteger(iat) && Number.isInteger(exp)) {
    const lifetime = (exp as number) - (iat as number);
    expect(lifetime >= 1 && lifetime <= 600, `"exp" must be 1 to 600 seconds after "iat", got ${lifetime}.`);
    expect((exp as number) > now, `It expired ${Math.round(now - (exp as number))} seconds ago.`);
    expect((iat as number) <= now + 60, `It was made ${Math.round((iat as number) - now)} seconds in the future.`);
  }
  if (typeof nbf === 'number') {
    expect(nbf <= now + 60, `It is not valid before ${Math.round(nbf - now)} seconds from now.`);
  }
  return faults;
}

/** Whether a value is text that is not empty, without whitespace around it: servers compare exactly. */
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.trim() === value;

const describe = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > 60 ? `${value.length} characters of text` : JSON.stringify(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : String(value);
};

/**
 * Describes an assertion: header, claims and times, a line each, and whether it is well formed.
 *
 * @param now seconds since the Unix epoch
 * @see RFC 7523 section 3
 */
export function describeAssertion(jwt: string, now: number): { lines: string[]; isWellFormed: boolean } {
  const decoded = decode(jwt);
  const lines: string[] = [];
  for (const [title, part] of [
    ['header', decoded.header],
    ['claims', decoded.claims],
  ] as const) {
    lines.push(title);
    for (const [name, value] of Object.entries(part?.json ?? {})) {
      lines.push(`  ${toPrintable(name).padEnd(4)} ${toPrintable(toWords(name, value, now))}`);
    }
  }
  lines.push('signature', `  ${decoded.signatureLength ?? 0} bytes, not verified here`);
  const faults = findFaults(decoded, now);
  lines.push(
    ...(faults.length === 0 ? ['well formed'] : ['not well formed', ...faults.map(fault => `  ${toPrintable(fault)}`)]),
  );
  lines.push(...noteTyp(decoded.header?.json.typ));
  return { lines, isWellFormed: faults.length === 0 };
}

/** Whether servers take a `typ`: those of RFC 10070 take one, some of them nothing else. */
function noteTyp(typ: unknown): string[] {
  if (typ === undefined) return [];
  return typ === 'client-authentication+jwt'
    ? ['note: "typ" is the one of RFC 10070. If the server refuses it, unset client_assertion_typ.']
    : ['note: "typ" is not client-authentication+jwt, the one of RFC 10070, and servers may refuse it.'];
}

/** Text from an assertion as one line that can't control a terminal. */
const toPrintable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const toWords = (name: string, value: unknown, now: number): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!['iat', 'exp', 'nbf'].includes(name) || typeof value !== 'number' || !(Math.abs(value) < 1e11)) return text;
  const seconds = Math.round(value - now);
  const distance = seconds < 0 ? `${-seconds} s ago` : `in ${seconds} s`;
  return `${text}  ${new Date(value * 1000).toISOString()}, ${distance}`;
};
