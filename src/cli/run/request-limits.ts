// What a request of a run may take, whatever the server or a proxy does: its time and its size. When the run is over nothing is
// sent any more, and nothing is waited for. A connection that failed is put into the words of all commands. On the machine.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import { findConnectionFault, routeOf, toConnectionCode } from '../server/connection-faults.ts';
import { describeRoute } from '../server/route.ts';

type Done = (error: Error | null, ...rest: unknown[]) => void;
type Request = { url: { toString(): string } };

/** The members of Newman's runtime that are used; they have no documented names. */
interface Requester {
  request(id: string, request: Request, behavior: unknown, done: Done): { abort?(): void } | undefined;
}
interface Pool {
  options: { maxResponseSize?: number };
  create(trace: unknown, done: (error: Error | null, requester: Requester) => void): void;
}

/** Node's own channel for what it sends. */
const REQUEST_START = 'http.client.request.start';

/** More than any API answers with, and less than the memory of a machine. In bytes. */
const MAX_BYTES = 100_000_000;

/**
 * Limits all requests of a run, those of scripts too.
 *
 * @param limit milliseconds from the connection to the last byte of the answer; 0 for none
 * @returns what is to be called when the run is over
 */
export function limitRequests(newman: EventEmitter, limit: number): () => void {
  const open = new Set<{ abort?(): void }>();
  let isOver = false;

  const limited = (requester: Requester): Requester['request'] => {
    const send = requester.request.bind(requester);
    return (id, request, behavior, done) => {
      // A script that the end of the run has cut short may not have authenticated it.
      if (isOver) return undefined;
      const url = request.url.toString();
      const exchange: { abort?(): void } = {};
      let timer: NodeJS.Timeout | undefined;
      const finish: Done = (error, ...rest) => {
        if (!open.delete(exchange)) return;
        clearTimeout(timer);
        done(error && inWords(error, url), ...rest);
      };
      open.add(exchange);
      if (limit > 0) {
        timer = setTimeout(() => {
          exchange.abort?.();
          finish(tooLate(url, limit), undefined, request, []);
        }, limit);
      }
      const sent = send(id, request, behavior, finish);
      exchange.abort = () => {
        clearTimeout(timer);
        sent?.abort?.();
      };
      return exchange;
    };
  };

  // Newman keeps no hold of what it asks a proxy, and a proxy that never answers would keep the process.
  const toProxy = new Set<ClientRequest>();
  const remember = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    if (request.method !== 'CONNECT') return;
    toProxy.add(request);
    request.once('connect', () => toProxy.delete(request));
  };
  subscribe(REQUEST_START, remember);

  newman.on('start', (_error: unknown, { run }: { run: { requester: Pool } }) => {
    const { requester: pool } = run;
    const create = pool.create.bind(pool);
    pool.options.maxResponseSize ??= MAX_BYTES;
    pool.create = (trace, done) =>
      create(trace, (error, requester) => {
        requester.request = limited(requester);
        done(error, requester);
      });
  });
  return () => {
    isOver = true;
    for (const exchange of open) exchange.abort?.();
    open.clear();
    unsubscribe(REQUEST_START, remember);
    for (const request of toProxy) request.destroy();
  };
}

/** A URL of a collection may be none. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

function tooLate(url: string, limit: number): Error {
  return failure(`no whole answer from ${hostOf(url)} within ${limit} ms, the limit of --timeout-request`, 'ETIMEDOUT');
}

/** An error that scripts get whole: to their sandbox only members go that can be enumerated. */
const failure = (message: string, code: string): Error => Object.assign(new Error(), { message, code });

function describeWay(url: string): string {
  const route = routeOf(url);
  return route.proxy ? `, ${describeRoute(route)}` : '';
}

function inWords(error: Error, url: string): Error {
  if (/^Maximum response size/.test(error.message)) {
    return failure(`the answer of ${hostOf(url)} has more than ${MAX_BYTES / 1e6} MB`, 'ETOOLARGE');
  }
  if ((error as NodeJS.ErrnoException).code === undefined) return error;
  const code = toConnectionCode(error);
  const fault = code === 'ETIMEDOUT' || !URL.canParse(url) ? undefined : findConnectionFault(code, url);
  const words = fault ? `${fault.fact}: ${fault.remedy} (${code})` : `${error.message}${describeWay(url)}`;
  return failure(words, code);
}
