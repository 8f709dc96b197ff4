// JSON from a server or in a JWT, which may be anything. Pure, on the machine.

/** Parses a JSON object; empty if the text is not JSON, or not an object. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Header and claims of a compact JWS (RFC 7515 section 7.1), each empty if it is no JSON object. Nothing is verified. */
export function readJwsParts(jws: string): Record<'header' | 'claims', Record<string, unknown>> {
  const [header = {}, claims = {}] = jws
    .split('.', 2)
    .map(part => parseObject(Buffer.from(part, 'base64url').toString()));
  return { header, claims };
}
