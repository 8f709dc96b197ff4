// The pre-request script, inside the sandbox of Postman and Newman; the only file that says `pm`. It reads the request and
// the variables, authenticates the client where the request goes to an endpoint of the authorization server, and writes
// the form; or it refuses: one failed test, and the request is not sent.

import {
  ENDPOINT_NAMES,
  type EndpointName,
  type Endpoints,
  findEndpoint,
  METADATA_VARIABLE,
  type Metadata,
  metadataUrls,
  readMetadata,
  withoutQuery,
} from '../client-auth/authorization-server.ts';
import { type Authentication, authenticateClient, type KnownServer } from '../client-auth/client-authentication.ts';
import { ClientAuthError, mustBe } from '../client-auth/errors.ts';
import { sha256 } from '../client-auth/ps256.ts';
import { hedgedRandomBytes, type RandomBytes, systemRandomBytes } from '../client-auth/random.ts';
import { createRequestObject } from '../client-auth/request-object.ts';
import { checkServerUrl } from '../client-auth/server-url.ts';
import { readSettings, readSigning, type Signing } from '../client-auth/settings.ts';
import { createSigner, type Signer } from '../client-auth/signer.ts';
import type { RsaPrivateKey } from '../client-auth/signing-key.ts';
import { checkQuery, checkResolved, type Form, noForm, putParameters, toForm } from './form.ts';

const DISCOVERY_SECONDS = 10;
const MAX_METADATA_LENGTH = 1_000_000;

/** References replaced by the values of their variables; what a script has put there as a number becomes text. */
const resolve = (template: unknown): string => {
  const text = String(template ?? '');
  return text.includes('{{') ? String(pm.variables.replaceIn(text)) : text;
};

/** A variable as text, references to other variables resolved. */
const readText = (name: string): string => {
  const value = pm.variables.get(name);
  if (value === undefined || value === null) return '';
  return resolve(typeof value === 'object' ? JSON.stringify(value) : String(value));
};
const read = (name: string): string => readText(name).trim();

/**
 * Fails closed. A thrown error would not do: hosts send the request all the same. What follows `skipRequest` is lost, so
 * the test comes first.
 */
const refuse = (error: unknown): void => {
  const failure =
    error instanceof ClientAuthError
      ? error
      : // The message of a foreign error may quote what it was given, a key for instance.
        new Error(
          `The script itself failed (${error instanceof Error ? error.name : typeof error}); nothing was sent.`,
        );
  pm.test('client authentication', () => {
    throw failure;
  });
  pm.execution.skipRequest();
};

/** Runs a step of the script, in it or in a callback, so that no error passes by {@link refuse}. */
const guard = (step: () => void): void => {
  try {
    step();
  } catch (error) {
    refuse(error);
  }
};

/** The server as far as the variables tell it: set by hand, or left by a discovery earlier in this run. */
const readServer = (): KnownServer => {
  const text = pm.variables.get(METADATA_VARIABLE);
  const metadata = typeof text === 'string' && text.startsWith('{') ? (JSON.parse(text) as Metadata) : undefined;
  for (const name of ENDPOINT_NAMES) {
    // What this script has set must not hide what the user has set since.
    const told = metadata?.endpoints[name];
    if (told && pm.variables.get(name) === told) pm.variables.unset(name);
  }
  const byHand: Endpoints = {};
  for (const name of ENDPOINT_NAMES) {
    const value = readText(name);
    if (value.trim() !== '') byHand[name] = value;
  }
  const server = { issuer: read('issuer'), endpoints: byHand, byHand, replaced: {}, isDiscovered: false };
  return metadata?.issuer === server.issuer ? addMetadata(server, metadata) : server;
};

/**
 * Adds what the metadata tells and the user has not set; as variables of this run too, which the URL being sent and the
 * requests after it can refer to.
 */
const addMetadata = (server: KnownServer, metadata: Metadata): KnownServer => {
  const endpoints = { ...metadata.endpoints, ...server.byHand };
  const replaced: Endpoints = {};
  for (const name of ENDPOINT_NAMES) {
    if (server.byHand[name] || !metadata.endpoints[name]) continue;
    pm.variables.set(name, metadata.endpoints[name]);
    if (metadata.replaced[name]) replaced[name] = metadata.replaced[name];
  }
  pm.variables.set(METADATA_VARIABLE, JSON.stringify(metadata));
  return { ...server, endpoints, replaced, isDiscovered: true };
};

/** Reads the metadata of the issuer, and goes on with it; every fault ends in {@link refuse}. */
const discover = (issuer: string, next: (metadata: Metadata) => void): void => {
  const urls = metadataUrls(issuer);
  let isOver = false;
  const fail = (got: string) => {
    const remedy = 'Check "issuer" and the network, or set the endpoint variables by hand.';
    return mustBe('discovery_failed', 'issuer', 'a server whose metadata can be read', got, remedy);
  };
  const timer = setTimeout(
    () =>
      guard(() => {
        if (isOver) return;
        isOver = true;
        throw fail(`no answer within ${DISCOVERY_SECONDS} seconds`);
      }),
    DISCOVERY_SECONDS * 1000,
  );
  const ask = (index: 0 | 1, before: string): void =>
    pm.sendRequest({ url: urls[index], method: 'GET', header: { Accept: 'application/json' } }, (error, response) =>
      guard(() => {
        if (isOver) return;
        // Newman gives a response without a status beside the error.
        const status = response?.code;
        const got = `${before}${status ? `status ${status}` : `the error "${toReason(error)}"`} from ${urls[index]}`;
        if (status && status !== 200 && index === 0) {
          ask(1, `${got}, `);
          return;
        }
        isOver = true;
        clearTimeout(timer);
        if (!response || status !== 200) throw fail(got);
        const text = response.text();
        if (text.length > MAX_METADATA_LENGTH) throw fail(`${text.length} characters from ${urls[index]}`);
        next(readMetadata(text, issuer));
      }),
    );
  ask(0, '');
};

/** Newman gives some errors as plain data with a code and no message. */
const toReason = (error: unknown): string => {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message ?? code ?? 'unknown').slice(0, 200);
};

const createRandomBytes = (key: RsaPrivateKey): RandomBytes => {
  if (typeof crypto !== 'undefined' && crypto?.getRandomValues) {
    return systemRandomBytes(array =>
      (crypto as { getRandomValues(a: Uint8Array): Uint8Array }).getRandomValues(array),
    );
  }
  // 330 bits of a prime: more than the hash takes in as a secret, and fewer blocks to hash than the whole.
  const secret = key.p.toString(36).slice(-64);
  const draws = Array.from({ length: 4 }, () => Math.random().toString(36));
  // A request that is sent again in the same iteration differs from the first time by the last of these alone, if a script
  // of the collection has stopped clock and Math.random: its generator is another.
  const execution = `${pm.info.requestId} ${pm.info.iteration} ${resolve('{{$randomUUID}}')}`;
  return hedgedRandomBytes(sha256, secret, [String(Date.now()), execution, ...draws]);
};

/**
 * A request is authenticated by one method (RFC 6749 section 2.3): no authorization of the user's beside ours. Digest and
 * its like would also send the request, and the assertion in it, a second time.
 */
const checkAuthorization = (): void => {
  const type = pm.request.auth?.type ?? 'noauth';
  const refuseIt = (what: string, remedy: string) => {
    const message = `The request must not carry ${what}: it is authenticated by one method. ${remedy}`;
    throw new ClientAuthError('request_authenticated_twice', message);
  };
  if (type !== 'noauth') refuseIt(`authorization of type "${type}"`, 'Set "No Auth" in its tab Authorization.');
  const isBasic = enabledHeaders('authorization').some(value => /^\s*basic\b/i.test(value));
  if (isBasic) refuseIt('"Authorization: Basic"', 'Remove the header.');
};

/** The values of the headers of one name that will be sent, references resolved. */
const enabledHeaders = (name: string): string[] =>
  pm.request.headers
    .all()
    .filter(({ key, disabled }) => !disabled && resolve(key).trim().toLowerCase() === name)
    .map(({ value }) => resolve(value));

const readForm = (): Form | string => {
  const { body } = pm.request;
  const plain = body && 'toJSON' in body ? body.toJSON() : body;
  return toForm(plain, enabledHeaders('content-type'));
};

const authenticate = (endpoint: EndpointName, server: KnownServer, url: string): void => {
  // Before what stands in the URL: its message names the variable.
  checkServerUrl(endpoint, server.endpoints[endpoint] as string, 'variable_invalid');
  checkQuery(url);
  checkResolved('The URL', url);
  for (const { key, value, disabled } of pm.request.headers.all()) {
    if (!disabled) checkResolved('A header', resolve(`${key}: ${value}`));
  }
  const form = readForm();
  if (typeof form === 'string') throw noForm(form);
  checkAuthorization();
  const settings = readSettings(read);
  // One for all that is signed: the generator in it must not start twice.
  let signer: Signer | undefined;
  const getSigner = (signing: Signing): Signer => {
    signer ??= createSigner(signing, createRandomBytes, Date.now() / 1000);
    return signer;
  };
  const authentication = authenticateClient({ settings, server, endpoint, getSigner });
  let hasRequestObject = false;
  const signRequest = (claims: string): string => {
    hasRequestObject = true;
    const signing = settings.method === 'private_key_jwt' ? settings : readSigning(read);
    return createRequestObject(claims, settings.clientId, server.issuer, getSigner(signing));
  };
  pm.request.body = putParameters(form, authentication.parameters, resolve, signRequest);
  // Authorization that the request inherits from its folder or collection is not shown to scripts, and is added later.
  if (!pm.request.auth) pm.request.auth = { type: 'noauth' };
  const line = toLine(endpoint, server, settings.method, authentication);
  console.log(hasRequestObject ? `${line}, with a request object` : line);
};

const toLine = (endpoint: EndpointName, server: KnownServer, method: string, { assertion }: Authentication): string => {
  const line = `client authentication: ${method} at ${endpoint} ${server.endpoints[endpoint]}`;
  if (!assertion) return line;
  const { kid, claims } = assertion;
  return `${line} kid=${kid} aud=${claims.aud} iss=${claims.iss} jti=${claims.jti} for ${claims.exp - claims.iat} s`;
};

/** Where the request goes: as it stands in the request, with references resolved, and as the host will send it. */
type Target = { template: string; written: string; url: string };

const readTarget = (): Target => {
  const template = pm.request.url.toString();
  const written = resolve(template);
  // What has no scheme gets the one of http.
  return { template, written, url: /^\s*[a-z][a-z\d+.-]*:\/\//i.test(written) ? written : `http://${written}` };
};

/** The endpoint that the URL is; as it is written too, so that an endpoint without scheme is found, and refused. */
const toEndpoint = ({ written, url }: Target, endpoints: Endpoints): EndpointName | undefined =>
  findEndpoint(url, endpoints) ?? (url === written ? undefined : findEndpoint(written, endpoints));

/** An endpoint that the URL names as {{variable}}, directly or through another variable, and that is not known. */
const toUnknownName = ({ template, written }: Target, server: KnownServer): EndpointName | undefined => {
  const texts = withoutQuery(template) + withoutQuery(written);
  return ENDPOINT_NAMES.find(name => texts.includes(`{{${name}}}`) && !server.endpoints[name]);
};

/** Whether the audience of the assertion is the URL of the token endpoint, and that is not known. */
const lacksAudience = (server: KnownServer): boolean => {
  if (server.endpoints.token_endpoint) return false;
  const settings = readSettings(read);
  return settings.method === 'private_key_jwt' && settings.audience.from === 'token_endpoint';
};

/** Whether the metadata has to be read before it can be said what the request is, or to authenticate it. */
const needsMetadata = (target: Target, server: KnownServer): boolean => {
  if (server.isDiscovered || !server.issuer || typeof readForm() === 'string') return false;
  if (toUnknownName(target, server)) return true;
  if (toEndpoint(target, server.endpoints)) return lacksAudience(server);
  return !ENDPOINT_NAMES.some(name => server.byHand[name]);
};

/** The alias with the query of the URL in whose place it comes. */
const toAlias = (url: string, alias: string): string => {
  const rest = url.slice(withoutQuery(url).length);
  return alias + (alias.includes('?') ? rest.replace(/^\?/, '&') : rest);
};

/** Authenticates the request, if it goes to one of the endpoints. */
const proceed = (target: Target, server: KnownServer): void => {
  const { template, url } = target;
  const replaced = findEndpoint(url, server.replaced);
  const endpoint = replaced ?? toEndpoint(target, server.endpoints);
  if (endpoint) {
    authenticate(endpoint, server, url);
    // No longer by reference: a script after this one that changes the variable must not take the assertion elsewhere.
    const exact = replaced ? toAlias(url, server.endpoints[replaced] as string) : url.trim();
    if (exact !== template) pm.request.url.update(exact);
    return;
  }
  // User information in the URL becomes Basic.
  const bare = url.replace(/^(\s*https?:\/\/)[^/?#]*@/i, '$1');
  if (bare !== url && findEndpoint(bare, { ...server.replaced, ...server.endpoints })) {
    const message = 'The URL must not hold a user name: the request is authenticated by one method. Take it out.';
    throw new ClientAuthError('request_authenticated_twice', message);
  }
  const unknown = toUnknownName(target, server);
  if (!unknown) {
    // No host resolves {{ token_endpoint }}, with blanks.
    const written = withoutQuery(target.written);
    if (ENDPOINT_NAMES.some(name => written.replace(/\s/g, '').includes(`{{${name}}}`)))
      checkResolved('The URL', written);
    return;
  }
  const form = readForm();
  if (typeof form === 'string') throw noForm(form);
  const got = server.isDiscovered ? 'nothing, and the metadata of "issuer" has none' : 'nothing';
  const remedy = server.isDiscovered ? 'Set it by hand.' : 'Set it, or set "issuer", and select the environment.';
  throw mustBe('variable_missing', unknown, 'an https URL', got, remedy);
};

/**
 * What a script changes in the language itself may last for the requests after it, and could make a request to an endpoint
 * look like any other. An example tells whether references are still resolved, endpoints still found, and time passes.
 */
const checkBuiltIns = (): void => {
  const find = (url: string) => findEndpoint(url, { token_endpoint: 'HTTPS://a/' });
  if (Number(resolve('{{$timestamp}}')) > 0 && Date.now() > 0 && find('https://a') && !find('https://b')) return;
  const message = 'A script of the collection has changed built-ins like Array.prototype.find. Undo that.';
  throw new ClientAuthError('built_ins_changed', message);
};

guard(() => {
  const { method } = pm.request;
  if (method !== 'POST' && method.toUpperCase() !== 'POST') return;
  checkBuiltIns();
  const server = readServer();
  const target = readTarget();
  if (needsMetadata(target, server)) {
    // What the metadata adds may be what the URL refers to: it is read anew.
    discover(server.issuer, metadata => {
      const known = addMetadata(server, metadata);
      proceed(readTarget(), known);
    });
  } else {
    proceed(target, server);
  }
});
