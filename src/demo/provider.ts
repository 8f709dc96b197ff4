// The authorization server proper: oidc-provider, configured like PayNet's and made as strict as the specifications
// allow. It knows nothing of sockets; the listeners around it are in authorization-server.ts. Runs in Node.

import { createPrivateKey, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type Provider from 'oidc-provider';
import type { Context } from 'oidc-provider';
import { createSigningKey, toSubjectDn } from './certificates.ts';
import { createMemoryAdapter } from './memory-adapter.ts';
import {
  authorizationPath,
  type EndpointName,
  endpointPaths,
  type ProviderSettings,
  type Verified,
} from './server-endpoints.ts';
import { type ClientJwt, findAssertionFault, findRequestObjectFault } from './strict-rules.ts';

const routes: Record<string, EndpointName> = {
  token: 'token_endpoint',
  pushed_authorization_request: 'pushed_authorization_request_endpoint',
  introspection: 'introspection_endpoint',
  revocation: 'revocation_endpoint',
};

const errorEvents = [
  'grant.error',
  'pushed_authorization_request.error',
  'introspection.error',
  'revocation.error',
  'authorization.error',
  'server_error',
];

/** Returns the certificate that the client presented on the connection of this request, if any. */
export const getCertificate = ({ req }: Pick<Context, 'req'>): X509Certificate | undefined =>
  (req.socket as TLSSocket).getPeerX509Certificate();

/** Loads oidc-provider without its notice that Node 20 is no longer its platform. */
async function loadOidcProvider() {
  const { warn } = console;
  console.warn = (...parts) => String(parts[0]).includes('Unsupported runtime') || warn(...parts);
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}

/**
 * Makes an oidc-provider instance with PayNet's endpoints and methods, PS256 only, certificate-bound access tokens. That
 * the salt has 32 bytes is checked by the library: jose verifies with WebCrypto, which gets the length.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7518#section-3.5} for PS256
 */
export async function createProvider(settings: ProviderSettings): Promise<Provider> {
  const { issuer, metadata, audiences, clients, credentials, clockOffset } = settings;
  const { default: OidcProvider, errors } = await loadOidcProvider();
  const serverKey = await createSigningKey();

  const now = () => Math.floor(Date.now() / 1000) + clockOffset;
  const client = {
    redirect_uris: [settings.redirectUri],
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'openid accounts profile',
    id_token_signed_response_alg: 'PS256',
    tls_client_certificate_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    // PayNet's consents come as a signed request object, whatever the client authentication.
    require_signed_request_object: true,
    request_object_signing_alg: 'PS256',
    jwks: { keys: [credentials.signingKey.publicJwk, ...settings.registeredKeys] },
  };

  const provider = new OidcProvider(issuer, {
    adapter: createMemoryAdapter(),
    jwks: { keys: [{ ...createPrivateKey(serverKey.privateKey).export({ format: 'jwk' }), kid: serverKey.kid }] },
    clients: [
      {
        ...client,
        client_id: clients.privateKeyJwt,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'PS256',
      },
      {
        ...client,
        client_id: clients.tlsClientAuth,
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: toSubjectDn(credentials.transportCertificate.cert),
      },
    ],
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['PS256'],
      idTokenSigningAlgValues: ['PS256'],
      requestObjectSigningAlgValues: ['PS256'],
    },
    responseTypes: ['code'],
    scopes: ['openid', 'accounts', 'profile'],
    pkce: { required: () => true },
    // "REQUIRED, if the redirect_uri parameter was included in the authorization request" (RFC 6749 section 4.1.3)
    allowOmittingSingleRegisteredRedirectUri: false,
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    findAccount: async (_context: Context, accountId: string) => ({
      accountId,
      claims: async () => ({ sub: accountId }),
    }),
    // The user agrees to whatever the client asks for.
    async loadExistingGrant({ oidc }: Context) {
      const grant = new provider.Grant({ accountId: userId, clientId: oidc?.client?.clientId ?? '' });
      grant.addOIDCScope(oidc?.params?.scope ?? '');
      await grant.save();
      return grant;
    },
    // The library knows only the machine's clock. It is kept wide here, and the strict rules judge by the server's.
    clockTolerance: 60 + Math.abs(clockOffset),
    ttl: {
      ClientCredentials: 600,
      AccessToken: 600,
      AuthorizationCode: 60,
      RefreshToken: 86400,
      Grant: 86400,
      Session: 86400,
    },
    routes: {
      authorization: authorizationPath,
      token: endpointPaths.token_endpoint,
      pushed_authorization_request: endpointPaths.pushed_authorization_request_endpoint,
      introspection: endpointPaths.introspection_endpoint,
      revocation: endpointPaths.revocation_endpoint,
    },
    clientBasedCORS: () => false,
    renderError: async (context: Context, error: object) => {
      context.body = error;
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: ownTokensOnly },
      revocation: { enabled: true, allowedPolicy: ownTokensOnly },
      requestObjects: {
        enabled: true,
        assertJwtClaimsAndHeader(context: Context, claims: ClientJwt['claims'], header: ClientJwt['header']) {
          const clientId = context.oidc?.client?.clientId ?? '';
          const text = context.oidc?.params?.request ?? '';
          const fault = findRequestObjectFault({ text, header, claims }, clientId, now());
          if (fault !== undefined) throw new errors.InvalidRequestObject(fault);
          context.state.requestObject = claims.jti;
        },
      },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      ...(settings.fapi && { fapi: { enabled: true, profile: '2.0' } }),
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        getCertificate,
        certificateAuthorized: ({ req }: Context) => (req.socket as TLSSocket).authorized,
        certificateSubjectMatches(context: Context, property: string, expected: string) {
          const certificate = getCertificate(context);
          return property === 'tls_client_auth_subject_dn' && certificate !== undefined
            ? toSubjectDn(certificate) === expected
            : false;
        },
      },
    },
    assertJwtClientAuthClaimsAndHeader(context: Context, claims: ClientJwt['claims'], header: ClientJwt['header']) {
      const jwt: ClientJwt = { text: context.oidc?.params?.client_assertion ?? '', header, claims };
      const fault = findAssertionFault(jwt, audiences, now());
      if (fault !== undefined) throw new errors.InvalidClientAuth(fault);
      context.state.assertion = jwt;
    },
    discovery: {
      mtls_endpoint_aliases: metadata.mtls_endpoint_aliases,
    },
  });

  // The library derives these names from the Host of the request; here they are fixed. Which of them is taken is for the
  // strict rules to say.
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () =>
    new Set([issuer, metadata.token_endpoint, ...audiences]);

  // The user is always logged in: what comes to the authorization endpoint comes with this session's cookie.
  const session = new provider.Session();
  session.loginAccount({ accountId: userId });
  await session.save(86400);
  provider.use(async (context, next) => {
    if (context.path.startsWith(authorizationPath)) {
      context.req.headers.cookie = `${provider.cookieName('session')}=${session.jti}`;
    }
    await next();
    const route = context.oidc?.route ?? '';
    if (route === 'discovery') context.body = { ...(context.body as object), ...metadata };
    const endpoint = routes[route];
    if (endpoint !== undefined && context.status < 400) settings.onVerified(toVerified(context, endpoint));
  });

  for (const event of errorEvents) {
    provider.on(event, ({ oidc, path }: Context, error: Error & Record<string, unknown>) => {
      const reason = error.error_detail ?? error.error_description ?? error.message;
      settings.onRefusal({ endpoint: routes[oidc?.route ?? ''] ?? path, reason: String(reason) });
    });
  }
  return provider;
}

/** The one user that there is. */
const userId = 'demo-user';

const ownTokensOnly = (_context: Context, client: { clientId: string }, token: { clientId: string }) =>
  token.clientId === client.clientId;

function toVerified(context: Context, endpoint: EndpointName): Verified {
  const certificate = getCertificate(context);
  const { header, claims } = (context.state.assertion ?? {}) as Partial<ClientJwt>;
  const toText = (value: unknown) => (value === undefined ? undefined : String(value));
  return {
    endpoint,
    method: context.oidc?.client?.clientAuthMethod as Verified['method'],
    client_id: context.oidc?.client?.clientId ?? '',
    certificateSubject: certificate ? toSubjectDn(certificate) : '',
    kid: toText(header?.kid),
    aud: toText(claims?.aud),
    jti: toText(claims?.jti),
    grantType: endpoint === 'token_endpoint' ? context.oidc?.params?.grant_type : undefined,
    requestObject: toText(context.state.requestObject),
  };
}
