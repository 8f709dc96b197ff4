// Client authentication by the code of the pre-request script, with the clock and the random bytes of Node. On the machine.

import { randomBytes } from 'node:crypto';
import type { EndpointName } from '../../client-auth/authorization-server.ts';
import { type Authentication, authenticateClient } from '../../client-auth/client-authentication.ts';
import type { KnownServer } from '../../client-auth/known-server.ts';
import { hedgedRandomBytes } from '../../client-auth/random.ts';
import type { Settings } from '../../client-auth/settings.ts';
import { type CreateRandomBytes, createSigner } from '../../client-auth/signer.ts';

/**
 * Authenticates the client for one request to an endpoint.
 *
 * @throws ClientAuthError when a setting is wrong, or the assertion must not go to the endpoint
 * @see {@link authenticateClient}
 */
export const authenticate = (settings: Settings, server: KnownServer, endpoint: EndpointName): Authentication =>
  authenticateClient(settings, server, endpoint, signing =>
    createSigner(signing, createRandomBytes, Date.now() / 1000),
  );

const createRandomBytes: CreateRandomBytes = (key, sha256) =>
  hedgedRandomBytes(key, sha256, [randomBytes(32).toString('hex'), Date.now(), performance.now()]);
