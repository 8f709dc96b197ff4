// Signs with the real key what a throw-away key has signed, when the request leaves; but only what goes to the authorization server
// and nowhere else: no array of audiences, no other host, no redirect, no proxy of the collection, no server that is not verified.
// On the machine.

import type { EventEmitter } from 'node:events';
import { type Endpoints, findEndpoint, isSameOrigin } from '../../client-auth/authorization-server.ts';
import { readObject } from '../collection/json-text.ts';
import type { PostedRequest } from './posted-forms.ts';
import type { ThrowawayKeys } from './throwaway-keys.ts';

/** A request that the collection may send through a proxy of its own. */
type Request = PostedRequest & { url: { update(url: string): void }; proxy?: unknown };

interface Behavior {
  followRedirects?: boolean;
  strictSSL?: boolean;
}

interface Item {
  protocolProfileBehavior?: Behavior;
  setProtocolProfileBehavior?(name: string, value: unknown): void;
  getProtocolProfileBehaviorResolved?(): Behavior;
}

interface ScriptEvent {
  execution?: { request?: Request };
  item?: Item;
}

interface RequestEvent {
  request?: Request;
  item?: Item | undefined;
  cursor?: unknown;
}

/** A compact JWS; a signature by RSA with 2048 bits has 342 characters. */
const JWS = /(?<![\w-])(ey[\w-]+\.ey[\w-]+)\.([\w-]{342,})(?![\w-])/g;

/** Does something to each text in the form of a request. */
function mapForm({ body }: Request, map: (text: string) => string): void {
  for (const field of body?.mode === 'urlencoded' ? (body.urlencoded?.all() ?? []) : []) {
    if (typeof field.value === 'string') field.value = map(field.value);
  }
  if (body?.mode === 'raw' && body.raw) body.raw = map(body.raw);
}

/** Whether a request has a form in which a client is named, or a JWS. */
function isAuthenticated(request: Request): boolean {
  let found = request.body?.urlencoded?.all().some(({ key }) => key === 'client_id') ?? false;
  mapForm(request, text => {
    found ||= /(?:^|&)client_id=/.test(text) || text.search(JWS) >= 0;
    return text;
  });
  return found;
}

/** The audience of a JWS: one text, in a member that is there once, so that no reader takes another. */
function audienceOf(input: string): string | undefined {
  const text = Buffer.from(input.split('.')[1] as string, 'base64url').toString();
  try {
    const { aud } = JSON.parse(text);
    // Some readers take no notice of the case.
    const names = readObject(text, 0).members.map(({ key }) => key.toLowerCase());
    return typeof aud === 'string' && names.filter(name => name === 'aud').length === 1 ? aud : undefined;
  } catch {
    return undefined;
  }
}

/** Why a JWS must not be signed for a request; undefined where it may. */
function findObjection(
  input: string,
  { url, proxy }: Request,
  item: Item | undefined,
  known: Endpoints[],
): string | undefined {
  const audience = audienceOf(input);
  if (audience === undefined) return 'its "aud" is not one text';
  const target = url.toString();
  if (!isSameOrigin(target, audience) && !known.some(endpoints => findEndpoint(target, endpoints))) {
    return `it is for ${audience}, and the URL is neither on that host nor an endpoint that your environment names`;
  }
  if (proxy) return 'the collection names a proxy for it';
  const behavior = item?.getProtocolProfileBehaviorResolved?.() ?? {};
  if (behavior.strictSSL === false) return 'the collection switches the verification of the server certificate off';
  if (behavior.followRedirects !== false) return 'it may be redirected to another host';
  return undefined;
}

/**
 * Lets each request that leaves be signed. What may not be signed is sent with the signature of the throw-away key, which no server
 * takes, and the run fails. Test scripts see that signature too: what is signed with the real key would be theirs to give away.
 *
 * @param known the endpoints of the authorization server that may get a signature, beside the host of the audience
 */
export function signRequests(newman: EventEmitter, keys: ThrowawayKeys, known: Endpoints[]): void {
  /** What was sent since the last test scripts, and each JWS that is signed in it, with the one that scripts know. */
  const [sent, signed] = [new Set<Request>(), new Map<string, string>()];
  newman.on('script', (_error: unknown, { execution, item }: ScriptEvent = {}) => {
    // A redirect would take the form, and what is signed in it, to another host.
    if (execution?.request && isAuthenticated(execution.request)) {
      item?.setProtocolProfileBehavior?.('followRedirects', false);
    }
  });
  newman.on('beforeRequest', (_error: unknown, { request, item, cursor }: RequestEvent = {}) => {
    if (!request) return;
    sent.add(request);
    // A request of `pm.sendRequest` has settings of its own, which no script can see.
    if (isAuthenticated(request) && item?.protocolProfileBehavior) item.protocolProfileBehavior.followRedirects = false;
    mapForm(request, text =>
      text.replace(JWS, (jws: string, input: string, signature: string) => {
        const sign = keys.signerFor(input, signature);
        if (!sign) return jws;
        const objection = findObjection(input, request, item, known);
        try {
          if (objection === undefined) {
            const real = `${input}.${sign()}`;
            signed.set(real, jws);
            return real;
          }
        } catch (error) {
          fail(newman, `Nothing was sent to ${request.url.toString()}: ${(error as Error).message}`, { item, cursor });
          stop(request);
          return jws;
        }
        fail(newman, `A JWT to ${request.url.toString()} was not signed: ${objection}.`, { item, cursor });
        return jws;
      }),
    );
  });
  newman.on('beforeTest', () => {
    for (const request of sent) mapForm(request, text => text.replace(JWS, jws => signed.get(jws) ?? jws));
    sent.clear();
    signed.clear();
  });
}

/** Keeps a request from leaving: hosts don't send one without a URL, and there is no other way. */
export const stop = (request: { url: { update(url: string): void } }): void => request.url.update('');

/** The test that fails where the client is not authenticated, in our scripts as well. */
export const TEST_NAME = 'client authentication';

/** Adds a failed test to the run, as Newman raises it. */
export function fail(
  newman: EventEmitter,
  message: string,
  { item, cursor }: { item?: unknown; cursor?: unknown },
): void {
  const error = Object.assign(new Error(message), { name: 'ClientAuthError', test: TEST_NAME, index: 0 });
  newman.emit('assertion', error, { cursor, assertion: TEST_NAME, skipped: false, error, item });
}
