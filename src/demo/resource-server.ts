// The one API of the demo, a list of data providers that takes certificate-bound access tokens (RFC 8705 section 3).
// It is not an endpoint of the authorization server: a client assertion must never reach it. Runs in Node.

import { createHash, type X509Certificate } from 'node:crypto';
import type Provider from 'oidc-provider';

/** Path of the providers list in PayNet's API. */
export const providersPath = '/v1/providers';

const providers = [
  { dp_id: 'DP0000000001', name: 'Contoh Bank Berhad' },
  { dp_id: 'DP0000000002', name: 'Bank Ujian Malaysia' },
];

export type Answer = { status: number; body: object };

export type ApiRequest = { method: string; headers: Record<string, string>; text: string };

const refuse = (status: number, error: string, reason: string) => ({ status, body: { error }, reason });

/**
 * Answers a request for the providers list.
 *
 * @param request - `text` is the whole request, URL, headers and body, as it came
 * @returns the answer, with the reason if it is a refusal
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705#section-3}
 */
export async function answerProvidersRequest(
  request: ApiRequest,
  certificate: X509Certificate | undefined,
  provider: Pick<Provider, 'ClientCredentials' | 'AccessToken'>,
): Promise<Answer & { reason?: string }> {
  if (request.method !== 'GET') return refuse(405, 'invalid_request', 'only GET is served here');
  if (request.text.includes('client_assertion')) {
    return refuse(400, 'invalid_request', 'a client assertion was sent to an API');
  }
  const [, accessToken] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (accessToken === undefined) return refuse(401, 'invalid_token', 'no bearer token');
  const token = (await provider.ClientCredentials.find(accessToken)) ?? (await provider.AccessToken.find(accessToken));
  if (!token?.isValid) return refuse(401, 'invalid_token', 'the access token is unknown, expired or revoked');
  const thumbprint = certificate && createHash('sha256').update(certificate.raw).digest('base64url');
  if (thumbprint === undefined || token['x5t#S256'] !== thumbprint) {
    return refuse(401, 'invalid_token', 'the access token is bound to another certificate');
  }
  if (!token.scope?.split(' ').includes('accounts')) return refuse(403, 'insufficient_scope', 'scope accounts needed');
  return { status: 200, body: { data: providers } };
}
