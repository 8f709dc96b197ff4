// The sandbox of Postman and Newman: the only file that names `pm` and the other globals of the host. It reads the variables
// and the request, writes the request, and refuses. The host calls back into the script only through `guard`.

import { ClientAuthError, findUnresolvedReference } from '../client-auth/errors.ts';
import { CONTENT_TYPE, type PostmanBody, type Resolve } from '../client-auth/form.ts';
import { isDropped, type ReadableRequest } from '../client-auth/request.ts';
import type { ReadVariable } from '../client-auth/settings.ts';
import { TRACE_VARIABLE, type Trace } from '../client-auth/trace.ts';
import type { Ask, Pm, PostmanVariables } from './host.ts';
import type { Test } from './setup-check.ts';
import { findVaultName, NO_VAULT, REFUSED, toVaultAnswer, toVaultKey, VAULT_LIMIT, type VaultAnswer } from './vault.ts';

declare const pm: Pm;
declare const console: { log(line: string): void };
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
/** Newman's sandbox has none. */
declare const crypto: { getRandomValues(array: Uint8Array): void };

/** Replaces references by the values of their variables; a number that a script has put there becomes text. */
export const resolve: Resolve = template => {
  const text = String(template ?? '');
  return text.includes('{{') ? String(pm.variables.replaceIn(text)) : text;
};

/** Reads a variable of any scope: environment, collection, globals, data, or this run. */
export const readVariable: ReadVariable = name => {
  const value = pm.variables.get(name) ?? '';
  return resolve(typeof value === 'object' ? JSON.stringify(value) : value);
};

/** Whether a variable is a secure one that scripts may not read: it is there, without a value. An empty row has an empty text. */
const isHidden = (name: string): boolean => pm.variables.has(name) && pm.variables.get(name) === undefined;

/** Resolves a URL. The value of a secure variable is the host's alone: such a reference stays, in a form that no host resolves. */
export const resolveUrl: Resolve = template =>
  resolve(
    String(template).replace(/\{\{([^{}]+)\}\}/g, (reference, name) => (isHidden(name) ? `{{ ${name} }}` : reference)),
  );

/** Gives the variables of this run, as they are. */
export const getVariables = (): PostmanVariables => pm.variables;

/** The request; each member is read from the host when it is asked for. */
export const request: ReadableRequest = {
  get method() {
    return resolve(pm.request.method);
  },
  get url() {
    return pm.request.url.toString();
  },
  get headers() {
    const enabled = pm.request.headers.all().filter(({ disabled }) => !disabled);
    return enabled.map(({ key, value }) => ({ name: resolve(key), value: resolve(value) }));
  },
  get body() {
    const { body } = pm.request;
    return body && 'toJSON' in body ? body.toJSON() : body;
  },
  get authorization() {
    return pm.request.auth?.type ?? 'noauth';
  },
};

/** Writes the body and the URL that have to be sent, and says on the console what was done. */
export const writeRequest = (body: PostmanBody, url: string, line: string): void => {
  pm.request.body = body;
  const { headers } = pm.request;
  headers.remove(({ key, value }) => isDropped(resolve(key), resolve(value)));
  // The one of the host can be switched off, by "disabledSystemHeaders".
  if (!headers.has('Content-Type')) headers.add({ key: 'Content-Type', value: CONTENT_TYPE });
  // Authorization that the request inherits from its folder or collection is not shown to scripts, and is added later.
  pm.request.auth = { type: 'noauth' };
  if (url !== request.url) pm.request.url.update(url);
  console.log(line);
};

/** A variable of the run: what was said on the console. */
const SAID_VARIABLE = 'paynet_client_auth_said';

/** Says a line on the console, once a run. */
export const sayOnce = (line: string): void => {
  const said = readVariable(SAID_VARIABLE);
  if (said.includes(line)) return;
  pm.variables.set(SAID_VARIABLE, `${said} ${line}`);
  console.log(line);
};

/** Leaves for the post-response script what was seen and made. */
export const leaveTrace = (trace: Omit<Trace, 'execution'>): void => {
  const { requestId, iteration } = pm.info;
  pm.variables.set(TRACE_VARIABLE, JSON.stringify({ ...trace, execution: `${requestId} ${iteration}` }));
};

/** The message of an error that is not ours may quote what it was given, a key for instance. */
const toFailure = (error: unknown): Error => {
  if (!(error instanceof ClientAuthError)) {
    return new Error(`The script itself failed (${(error as Error).name}); nothing was sent.`);
  }
  const { code, variable = '' } = error;
  if (code !== 'variable_missing') return error;
  // It may be another one that its value refers to.
  const names = [variable, findUnresolvedReference(String(pm.variables.get(variable))) ?? ''];
  const hidden = names.find(isHidden);
  if (!hidden) return error;
  const remedy = 'Allow scripts to use it, or make it a plain one.';
  return new ClientAuthError(code, `"${hidden}" is a secure variable that scripts may not read. ${remedy}`, variable);
};

/** Records a test that passes unless the step throws; says whether it has passed. */
export const test: Test = (name, step) => {
  let failure: Error | undefined;
  try {
    step();
  } catch (error) {
    failure = toFailure(error);
  }
  pm.test(name, () => {
    if (failure) throw failure;
  });
  return !failure;
};

/** Keeps the request from being sent. What a script does after this is lost. */
export const skip = (): void => pm.execution.skipRequest();

/**
 * Fails closed. A thrown error is not enough: hosts send the request all the same, and swallow what a callback throws.
 */
const refuse = (error: unknown): void => {
  test('client authentication', () => {
    throw error;
  });
  skip();
};

/** Runs the script, or a callback of it, so that every error ends in a refusal. */
export const guard = (step: () => void): void => {
  try {
    step();
  } catch (error) {
    refuse(error);
  }
};

/**
 * Prepares for an answer of the host.
 *
 * @param receive called once, guarded; without an answer when there was none in time
 * @returns what the host calls back
 */
const expectAnswer = <Answer>(milliseconds: number, receive: (answer: Answer | undefined) => void) => {
  let isOver = false;
  const finish = (toAnswer: () => Answer | undefined): void =>
    guard(() => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      receive(toAnswer());
    });
  const timer = setTimeout(() => finish(() => undefined), milliseconds);
  return finish;
};

/** Sends a request of the script's own; `receive` is guarded. */
export const ask: Ask = (request, milliseconds, receive) => {
  const finish = expectAnswer(milliseconds, receive);
  pm.sendRequest(request, (error, response) =>
    finish(() =>
      // Newman gives a response without a status beside the error.
      response?.code ? { status: response.code, text: response.text() } : { fault: `the error "${toReason(error)}"` },
    ),
  );
};

/**
 * Asks the vault for the signing key, where that is there.
 *
 * @param step called once, guarded, with what reads the variables and the key: this throws where there is none
 * @returns whether the signing key is in the vault
 */
export const readVault = (step: (read: ReadVariable) => void): boolean => {
  const name = findVaultName(readVariable('signing_key'));
  if (name === undefined) return false;
  const finish = expectAnswer<VaultAnswer>(VAULT_LIMIT * 1000, answer =>
    step(other => (other === 'signing_key' ? toVaultKey(name, answer) : readVariable(other))),
  );
  const { vault } = pm;
  if (!vault) finish(() => NO_VAULT);
  else {
    // With both handlers: a rejection that nobody handles lets the request go.
    Promise.resolve(vault.get(name)).then(
      secret => finish(() => toVaultAnswer(secret)),
      () => finish(() => REFUSED),
    );
  }
  return true;
};

/** Newman gives some errors as plain data with a code and no message. */
const toReason = (error: unknown): string => {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  return String(message ?? code ?? 'unknown').slice(0, 200);
};

/**
 * Draws 32 bytes from the generator of the host, as text. Newman's sandbox has none, and a script may have replaced it by anything:
 * what it gives is never all that `jti` and salt depend on.
 */
export const findRandomValues = (): string => {
  try {
    const values = new Uint8Array(32);
    crypto.getRandomValues(values);
    return values.join();
  } catch {
    return '';
  }
};

/**
 * Names this execution of the script. A request that is sent again in the same iteration differs from the first time by the
 * UUID alone, if a script of the collection has stopped clock and Math.random: the generator of the host is another.
 */
export const nameExecution = (): string => `${pm.info.requestId} ${pm.info.iteration} ${resolve('{{$randomUUID}}')}`;
