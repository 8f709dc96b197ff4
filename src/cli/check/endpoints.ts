// Checks the endpoints of the authorization server: whether each accepts the method and PS256, whether the aliases for mutual TLS
// are used, and whether an assertion can be made for each. Pure, on the machine.

import { ENDPOINT_NAMES, type EndpointName } from '../../client-auth/authorization-server.ts';
import { authenticateClient } from '../../client-auth/client-authentication.ts';
import { toPlain } from '../../client-auth/errors.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import type { Settings, Signing } from '../../client-auth/settings.ts';
import { createDraftSigner } from '../../client-auth/signing-agent.ts';
import type { Method } from '../diagnosis/causes.ts';
import type { Surroundings } from '../diagnosis/surroundings.ts';
import type { ServerFacts } from '../server/metadata.ts';
import { failure, type Line, line, notChecked } from './line.ts';

/** Checks whether each known endpoint accepts the method, and PS256. */
export function checkEndpoints(method: Method, { known, server }: Surroundings): Line[] {
  const lines = ENDPOINT_NAMES.flatMap(name => {
    const url = known.endpoints[name];
    return url ? [checkEndpoint(name, url, method, server)] : [];
  });
  return lines.length > 0 ? lines : [notChecked('endpoint_not_checked', 'endpoints', 'none is known')];
}

function checkEndpoint(name: EndpointName, url: string, method: Method, server: ServerFacts | undefined): Line {
  const fault = findUrlFault(name, url);
  if (fault) return fault;
  if (!server)
    return notChecked('endpoint_not_checked', name, `what ${url} accepts is in the metadata, which was not read`);
  const [methods, algorithms] = [server.methods[name], server.algorithms[name]];
  const list = (values: string[]) => toPlain(values.join(', '));
  if (!methods) {
    return line('endpoint_methods_unknown', name, `${url}; the metadata does not say which methods it accepts`);
  }
  if (!methods.includes(method)) {
    const expected = `"token_endpoint_auth_method" must be one that it accepts (${list(methods)})`;
    return line('endpoint_method_unsupported', name, `${expected}, got ${method}. Set another.`);
  }
  const accepts = `${url} accepts ${method}`;
  if (method === 'tls_client_auth') return line('endpoint_supported', name, accepts);
  if (!algorithms) {
    return line('endpoint_algorithms_unknown', name, `${accepts}; the metadata does not say which algorithms`);
  }
  if (algorithms.includes('PS256')) return line('endpoint_supported', name, `${accepts} with PS256`);
  const message = `it accepts ${list(algorithms)}, not PS256. Ask the operator of the server for PS256.`;
  return line('endpoint_algorithm_unsupported', name, message);
}

/** Finds why nothing may be sent to an endpoint. */
export function findUrlFault(name: EndpointName, url: string): Line | undefined {
  try {
    checkServerUrl(name, url);
    return undefined;
  } catch (error) {
    return failure(name, error);
  }
}

/**
 * Checks whether requests go to the aliases for mutual TLS.
 *
 * @see RFC 8705 section 5
 */
export function checkAliases({ known, server }: Surroundings): Line {
  const name = 'mtls_endpoint_aliases';
  if (!server) return notChecked('aliases_not_checked', name, 'the metadata was not read');
  const { replaced } = server.metadata;
  const bypassed = ENDPOINT_NAMES.filter(one => known.configured[one] && known.configured[one] === replaced[one]);
  if (bypassed.length > 0) {
    const names = `"${bypassed.join('", "')}"`;
    const message = `${names} must be the alias for mutual TLS, got the endpoint that it replaces. Unset it.`;
    return line('aliases_bypassed', name, message);
  }
  const used = Object.keys(replaced);
  if (used.length === 0) return line('aliases_none', name, 'none in the metadata');
  return line('aliases_used', name, `used for ${used.join(', ')}`);
}

/**
 * Checks whether an assertion can be made for each endpoint, by the code that makes the real ones.
 *
 * @param obstacle why none can be signed here; empty where it can
 */
export function checkAssertions(settings: Settings, { known }: Surroundings, obstacle: string): Line {
  const name = 'client assertion';
  const names = ENDPOINT_NAMES.filter(one => known.endpoints[one]);
  if (obstacle !== '') return notChecked('assertion_not_checked', name, obstacle);
  if (names.length === 0) return notChecked('assertion_not_checked', name, 'no endpoint is known');
  try {
    // Nothing is signed for it: that the key can sign is a check of its own.
    const toSigner = ({ kid }: Signing) => createDraftSigner(kid, []);
    const audiences = names.map(
      endpoint => authenticateClient(settings, known, endpoint, toSigner).assertion?.claims.aud,
    );
    const message = `can be made for ${names.length} ${names.length === 1 ? 'endpoint' : 'endpoints'}, aud ${[...new Set(audiences)].join(', ')}`;
    return line('assertion_made', name, message);
  } catch (error) {
    return failure(name, error);
  }
}
