// Facts of one refused request, for tests of what is made of them: all is right, and the server gave no reason.

import type { CertificateFacts } from '../../src/cli/client/certificate-facts.ts';
import type { Facts } from '../../src/cli/diagnosis/causes.ts';
import type { Surroundings } from '../../src/cli/diagnosis/surroundings.ts';
import type { JwksFacts } from '../../src/cli/server/jwks-facts.ts';
import type { ServerFacts } from '../../src/cli/server/metadata.ts';

export const NOW = 1_800_000_000;
export const ISSUER = 'https://auth.example.my';
export const TOKEN_ENDPOINT = 'https://as.example.my/token';

export const certificate: CertificateFacts = {
  subject: 'CN=client,O=Bank,C=MY',
  issuer: 'CN=Root,C=MY',
  notBefore: new Date((NOW - 86_400) * 1000),
  notAfter: new Date((NOW + 10 * 86_400) * 1000),
  validity: 'valid',
  daysLeft: 10,
  endsSoon: false,
  isForClients: true,
  key: 'EC on prime256v1',
  keyFault: undefined,
  chainLength: 1,
  chainFault: undefined,
  isChainComplete: true,
  chainEnd: 'CN=Root,C=MY',
};
export const server: ServerFacts = {
  metadata: { issuer: ISSUER, endpoints: { token_endpoint: TOKEN_ENDPOINT }, replaced: {} },
  url: `${ISSUER}/.well-known/openid-configuration`,
  methods: { token_endpoint: ['private_key_jwt', 'tls_client_auth'] },
  algorithms: { token_endpoint: ['PS256'] },
  clockDifference: 0,
};
export const jwks: JwksFacts = {
  source: 'jwks.json',
  kid: 'k1',
  count: 1,
  isSame: true,
  sameUnder: [],
  kids: ['k1'],
  otherUse: undefined,
  exposed: [],
};
export const assertion = {
  alg: 'PS256',
  kid: 'k1',
  typ: undefined,
  iss: 'c',
  aud: TOKEN_ENDPOINT,
  iat: NOW,
  exp: NOW + 600,
};
export const refused: Facts = {
  endpoint: 'token_endpoint',
  url: TOKEN_ENDPOINT,
  status: 401,
  error: 'invalid_client',
  errorDescription: 'client authentication failed',
  saysCertificateMissing: false,
  saysCertificateRefused: false,
  connectionCode: undefined,
  formFaults: [],
  method: 'private_key_jwt',
  assertion,
  certificate,
  registeredSubject: undefined,
  clockDifference: 0,
  clockOffset: 0,
  sentAt: NOW + 0.4,
  issuer: ISSUER,
  tokenEndpoints: [TOKEN_ENDPOINT],
  server,
  serverFault: undefined,
  jwks,
  jwksFault: undefined,
  accepted: [],
  acceptedOthers: [],
  refused: [],
};
export const byCertificate: Partial<Facts> = { method: 'tls_client_auth', assertion: undefined, jwks: undefined };

export const surroundings: Surroundings = {
  known: {
    issuer: ISSUER,
    endpoints: { token_endpoint: TOKEN_ENDPOINT },
    configured: {},
    replaced: {},
    isDiscovered: true,
  },
  server,
  serverFault: undefined,
  certificate,
  registeredSubject: undefined,
  clockOffset: 0,
  jwks: undefined,
  jwksFault: undefined,
};
