// Client authentication as the pre-request script does it, with the clock and the random bytes of the machine.

import { webcrypto } from 'node:crypto';
import type { EndpointName } from '../../client-auth/authorization-server.ts';
import { type Authentication, authenticateClient, type KnownServer } from '../../client-auth/client-authentication.ts';
import { systemRandomBytes } from '../../client-auth/random.ts';
import type { Settings } from '../../client-auth/settings.ts';
import { createSigner } from '../../client-auth/signer.ts';

/**
 * Authenticates the client for one request.
 *
 * @throws ClientAuthError
 */
export const authenticate = (settings: Settings, server: KnownServer, endpoint: EndpointName): Authentication =>
  authenticateClient({
    settings,
    server,
    endpoint,
    getSigner: signing => createSigner(signing, createRandomBytes, Date.now() / 1000),
  });

const createRandomBytes = () => systemRandomBytes(array => webcrypto.getRandomValues(array));
