// Discovery, on both sides: which URL to ask for the metadata, and what follows from the answers. A pure function; the
// pre-request script drives it with callbacks, the command line with `await`.

import { type Metadata, metadataUrls, readMetadata } from './authorization-server.ts';
import { mustBe } from './errors.ts';

/** More text than any metadata has. */
const MAX_LENGTH = 1_000_000;

/** What came back from one URL: an HTTP answer, or why there was none, in words that can be shown. */
export type HttpAnswer = { status: number; text: string } | { fault: string };

/** The URL to ask next; or, with the metadata, the URL where it was found. */
export type DiscoveryStep = { url: string; metadata: Metadata | undefined };

/**
 * Gives the next step of discovery. A server that answers with another status than 200 may have its metadata at the other
 * URL; one that does not answer at all is not asked again.
 *
 * @param issuer the configured one
 * @param answers those of the URLs that were asked so far, in their order; none at first
 * @throws ClientAuthError `discovery_failed` when no URL is left to ask, or what is wrong with issuer or metadata
 * @see OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3
 */
export const nextDiscoveryStep = (issuer: string, answers: HttpAnswer[]): DiscoveryStep => {
  const urls = metadataUrls(issuer);
  const [last, url] = [answers[answers.length - 1], urls[answers.length - 1]];
  if (last && 'text' in last && last.status === 200 && last.text.length <= MAX_LENGTH) {
    return { url: url as string, metadata: readMetadata(last.text, issuer) };
  }
  const next = urls[answers.length];
  const mayAsk = !last || ('text' in last && last.status !== 200);
  if (next && mayAsk) return { url: next, metadata: undefined };
  const got = answers.map((answer, index) => `${describe(answer)} from ${urls[index]}`).join(', ');
  const remedy = 'Check "issuer" and the network, or set the endpoint variables.';
  throw mustBe('discovery_failed', 'issuer', 'a server whose metadata can be read', got, remedy);
};

const describe = (answer: HttpAnswer): string => {
  if ('fault' in answer) return answer.fault;
  return answer.status === 200 ? `${answer.text.length} characters` : `status ${answer.status}`;
};
