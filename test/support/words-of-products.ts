// What twelve products say when they refuse a client, from their public sources and documents, and the cause that each sentence
// names. Where a product publishes no sentence, that is a row too.

import type { NamedCause } from '../../src/client-auth/server-words.ts';

/** One answer of a product; `cause` is undefined where the words name none. */
export interface ProductWords {
  product: string;
  error: string;
  description: string;
  cause: NamedCause | undefined;
}

type Rows = [error: string, description: string, cause: NamedCause | undefined][];

const BY_PRODUCT: Record<string, Rows> = {
  // github.com/keycloak/keycloak, services/src/main/java/org/keycloak/authentication: AuthenticationProcessor.java, and in
  // authenticators/client AbstractBaseJWTValidator.java, AbstractJWTClientValidator.java, JWTClientAuthenticator.java
  Keycloak: [
    ['invalid_client', 'Token reuse detected', 'jti_reused'],
    ['invalid_client', 'Invalid token audience', 'audience'],
    ['invalid_client', 'Multiple audiences not allowed', 'audience'],
    ['invalid_client', 'Token is not active', 'time'],
    ['invalid_client', 'Token was issued in the future', 'time'],
    ['invalid_client', 'Token was issued too far in the past to be used now', 'time'],
    ['invalid_client', 'Token expiration is too far in the future and iat claim not present in token', 'lifetime'],
    ['invalid_client', 'Token jti claim is required', 'assertion_incomplete'],
    ['invalid_client', 'client_assertion parameter missing', 'assertion_incomplete'],
    ['invalid_client', 'Invalid signature algorithm', 'algorithm'],
    [
      'invalid_client',
      'Client authentication with signed JWT failed: Signature on JWT token failed validation',
      'signature',
    ],
    ['invalid_client', 'Unable to load public key', 'key_unknown'],
    ['invalid_client', 'client_id parameter does not match sub claim', 'client_mismatch'],
    ['invalid_client', 'Invalid client or Invalid client credentials', 'client_unknown'],
    // Of older versions.
    ['unauthorized_client', 'Invalid client or Invalid client credentials', 'client_unknown'],
    ['unauthorized_client', 'Client credentials setup required', undefined],
    ['unauthorized_client', 'Unexpected error when authenticating client', undefined],
  ],
  // support.okta.com: "The audience claim for client_assertion must be the endpoint invoked for the request", "Okta Client
  // Assertion Error: Invalid Key ID", "Error Occurs During Authentication due to Invalid Client Assertion Signature"
  Okta: [
    [
      'invalid_client',
      'The audience claim for client_assertion must be the endpoint invoked for the request.',
      'audience',
    ],
    ['invalid_client', 'The client_assertion JWT kid is invalid.', 'key_unknown'],
    ['invalid_client', 'The client_assertion signature is invalid.', 'signature'],
  ],
  // community.auth0.com/t/191217: in the log of the tenant
  Auth0: [['invalid_client', "'exp' claim must specify a time that is no more than 5 minutes after 'iat'", 'lifetime']],
  // The tests of Refinitiv's Real-Time SDK (github.com/Refinitiv/Real-Time-SDK), whose token service is Ping's;
  // developer.pingidentity.com, "Create a private key JWT", describes the rules and no sentences
  Ping: [
    ['invalid_client', 'Invalid client or client credentials.', 'client_unknown'],
    ['invalid_client', "Client not found in client database for JWT's sub claim value 'c1'.", 'client_unknown'],
    ['invalid_client', 'Invalid JWT token', undefined],
  ],
  // backstage.forgerock.com, AM 7.2, OAuth 2.0 guide, "JWT profile for OAuth 2.0 authorization grant"; the others as two services
  // that seem to run on AM are quoted: help.yahooinc.com/connect-id, "Server-to-Server Access Token Troubleshooting", and
  // developer.community.nhs.uk/t/6283
  ForgeRock: [
    ['invalid_client', 'JWT expiration time is unreasonable', 'lifetime'],
    ['invalid_client', 'JWT has expired or is not valid', 'time'],
    ['invalid_client', 'JWT is not valid', undefined],
    ['invalid_client', 'Client authentication failed', undefined],
  ],
  // github.com/wso2-extensions/identity-oauth-addons, client-handler, JWTValidator.java; github.com/wso2-extensions/
  // identity-inbound-auth-oauth/pull/2149; github.com/wso2/api-manager/issues/5070
  WSO2: [
    ['invalid_request', 'JWT Token with jti: 8d9f has been replayed', 'jti_reused'],
    ['invalid_request', 'Failed to match audience values.', 'audience'],
    ['invalid_request', 'JWT Token is expired. Expired Time: Mon Nov 02 08:00:00 MYT 2026', 'time'],
    ['invalid_request', 'The token is used before the nbf claim value.', 'time'],
    ['invalid_request', 'The jwt is too old to use.', 'time'],
    ['invalid_request', 'Signature Algorithm not supported : PS256', 'algorithm'],
    ['invalid_request', 'Signature validation failed. Public key is not an RSA public key.', 'signature'],
    ['invalid_request', 'Unable to locate certificate for JWT {"kid":"k1","alg":"PS256"}', 'key_unknown'],
    ['invalid_request', 'Mandatory field :jti is missing in the JWT assertion.', 'assertion_incomplete'],
    ['invalid_request', 'Request does not follow the registered token endpoint auth method tls_client_auth', 'method'],
    [
      'invalid_request',
      "Error while retrieving OAuth application with provided JWT information with subject 'c1' ",
      'client_unknown',
    ],
    ['invalid_client', 'A valid OAuth client could not be found for client_id: c1', 'client_unknown'],
    ['invalid_request', 'Invalid Subject: c1 is found in the JWT', 'client_mismatch'],
  ],
  // No sentence for a refused client was found in public.
  Curity: [['invalid_client', '', undefined]],
  // A result code is in front of each sentence. None for a refused client was found in public; this one, of an access token, is quoted
  // in github.com/authlete/java-resource-server/pull/9
  Authlete: [
    [
      'invalid_token',
      '[A065304] The client failed to present a certificate and the access token is MTLS bound.',
      undefined,
    ],
    ['invalid_client', '', undefined],
  ],
  // PayNet's and Open Finance UAE's documents of Ozone's server show requests and no refusals
  Ozone: [['invalid_client', '', undefined]],
  // github.com/spring-projects/spring-authorization-server, JwtClientAssertionAuthenticationProvider.java: the name of what failed
  'Spring Authorization Server': [
    ['invalid_client', 'Client authentication failed: client_id', 'client_unknown'],
    ['invalid_client', 'Client authentication failed: authentication_method', 'method'],
    ['invalid_client', 'Client authentication failed: client_assertion', undefined],
  ],
  // github.com/DuendeSoftware/products/pull/2079; docs.duendesoftware.com/identityserver/troubleshooting: "the actual error
  // message is always written to the logs"
  'Duende IdentityServer': [
    ['invalid_client', 'mTLS authentication failed', 'certificate_other'],
    ['invalid_client', '', undefined],
  ],
  // github.com/panva/node-oidc-provider, lib/shared/jwt_client_auth.js and client_auth.js: a server that renders its details sends
  // these, all others send "client authentication failed"
  'oidc-provider': [
    ['invalid_client', 'client authentication failed', undefined],
    ['invalid_client', 'client assertion tokens must only be used once', 'jti_reused'],
    [
      'invalid_client',
      'audience (aud) must equal the endpoint url, issuer identifier or token endpoint url',
      'audience',
    ],
    ['invalid_client', 'alg mismatch', 'algorithm'],
    ['invalid_client', 'expiration must be specified in the client_assertion JWT', 'time'],
    ['invalid_client', 'client certificate was not provided', 'certificate_missing'],
    ['invalid_client', 'client certificate was not verified', 'certificate_other'],
    ['invalid_client', 'certificate subject value does not match the registered one', 'certificate_other'],
    [
      'invalid_client',
      'the provided authentication mechanism does not match the registered client authentication method',
      'method',
    ],
    ['invalid_client', 'client not found', 'client_unknown'],
    ['invalid_client', 'iss (JWT issuer) must be the client_id', 'client_mismatch'],
  ],
};

/** All answers, in the order of the products. */
export const WORDS_OF_PRODUCTS: ProductWords[] = Object.entries(BY_PRODUCT).flatMap(([product, rows]) =>
  rows.map(([error, description, cause]) => ({ product, error, description, cause })),
);
