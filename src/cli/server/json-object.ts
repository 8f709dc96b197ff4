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
