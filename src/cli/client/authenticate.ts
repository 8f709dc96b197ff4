// Client authentication by the code of the pre-request script; node:crypto signs. On the machine.

import type { EndpointName } from '../../client-auth/authorization-server.ts';
import { type Authentication, authenticateClient } from '../../client-auth/client-authentication.ts';
import type { KnownServer } from '../../client-auth/known-server.ts';
import type { Settings } from '../../client-auth/settings.ts';
import type { OpenedKey } from '../../client-auth/signer.ts';
import { toSigner } from './ps256.ts';

/**
 * Authenticates the client for one request to an endpoint.
 *
 * @param key signs in the place of the signing key of the settings
 * @throws ClientAuthError when a setting is wrong, or the assertion must not go to the endpoint
 * @see {@link authenticateClient}
 */
export const authenticate = (
  settings: Settings,
  server: KnownServer,
  endpoint: EndpointName,
  key: OpenedKey | undefined,
): Authentication => authenticateClient(settings, server, endpoint, signing => toSigner(signing, key));
