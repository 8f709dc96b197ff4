// The clock of the authorization server against that of this machine, by the `Date` header of an answer (RFC 9110 section
// 6.6.1). Pure, on the machine.

/**
 * Compares the `Date` header of an answer with the local clock, at half the time between request and answer.
 *
 * @param times `date` and `age` are headers, `age` in seconds; `sentAt` and `receivedAt` are milliseconds since the Unix epoch
 *   by the local clock
 * @returns whole seconds, server minus local; undefined without a date
 * @see RFC 9111 section 5.1 for `Age`, which a cache adds
 */
export function compareClocks(times: {
  date: string | undefined;
  age?: string | undefined;
  sentAt: number;
  receivedAt: number;
}): number | undefined {
  const shown = Date.parse(times.date ?? '');
  if (Number.isNaN(shown)) return undefined;
  const age = /^\d{1,8}$/.test(times.age ?? '') ? Number(times.age) * 1000 : 0;
  // The header has no fraction of a second: half a second is missing on average.
  return Math.round((shown + age + 500 - (times.sentAt + times.receivedAt) / 2) / 1000) || 0;
}
