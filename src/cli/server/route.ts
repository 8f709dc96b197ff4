// The way to a server: directly, or through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. The HTTP client of Newman
// decides, so that all commands go the same way as a run. On the machine.

import { createRequire } from 'node:module';
import { env } from 'node:process';
import { CommandError } from '../command.ts';

/** The way to a server. */
export interface Route {
  /** With user name and password, so never to be shown: see {@link describeRoute}. Undefined when the way is direct. */
  proxy: URL | undefined;
  /** The variable that says so; undefined when there is none. */
  variable: string | undefined;
}

/** The variables that name a proxy, in the order in which Newman reads them. */
const PROXY_VARIABLES: Record<string, string[]> = {
  'https:': ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'],
  'http:': ['HTTP_PROXY', 'http_proxy'],
};
const EXCEPTION_VARIABLES = ['NO_PROXY', 'no_proxy'];

/** `postman-request` as Newman's runtime loads it; its file is looked at with each new version of Newman. */
function loadDecision(): (url: URL) => string | null {
  const requireFrom = (path: string) => createRequire(path);
  const path = ['newman', 'postman-runtime', 'postman-request'].reduce(
    (from, name) => requireFrom(from).resolve(name),
    import.meta.url,
  );
  return requireFrom(path)('./lib/getProxyFromURI');
}

const firstSet = (names: string[] = []): string | undefined => names.find(name => env[name]);

/**
 * Finds the way to a server.
 *
 * @throws CommandError when the variable of the proxy is no URL
 */
export function findRoute(url: string): Route {
  const target = new URL(url);
  const configured = firstSet(PROXY_VARIABLES[target.protocol]);
  if (configured === undefined) return { proxy: undefined, variable: undefined };
  const proxy = loadDecision()(target);
  return proxy
    ? { proxy: parseProxy(proxy, configured), variable: configured }
    : { proxy: undefined, variable: firstSet(EXCEPTION_VARIABLES) };
}

/**
 * Refuses variables of proxies that are no URLs, which Newman would take for something else.
 *
 * @throws CommandError
 */
export function checkProxyVariables(): void {
  for (const name of Object.values(PROXY_VARIABLES).flat()) if (env[name]) parseProxy(env[name], name);
}

function parseProxy(text: string, variable: string): URL {
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
  // Not as it is: it may hold a password.
  throw new CommandError(
    `"${variable}" must be the URL of a proxy, as http://proxy:3128, got another text. Correct it.`,
  );
}

/**
 * Refuses a signing agent to which a proxy would be asked the way: it would learn its URL, and cannot reach this machine.
 *
 * @param agent the variable `signing_agent`, whatever is in it
 * @throws CommandError
 */
export function refuseProxiedAgent(agent: string): void {
  const { proxy, variable } = /^http:/.test(agent) && URL.canParse(agent) ? findRoute(agent) : {};
  if (!proxy) return;
  const remedy = 'Add 127.0.0.1 to NO_PROXY.';
  throw new CommandError(
    `"signing_agent" is on this machine, and ${describeProxy(proxy, variable)} would be asked. ${remedy}`,
  );
}

/** Says the way in words, without user name and password. */
export function describeRoute({ proxy, variable }: Route): string {
  if (proxy) return `through ${describeProxy(proxy, variable)}`;
  return variable ? `directly, ${variable}` : 'directly';
}

/** Names a proxy, and the variable that names it, without user name and password. */
export const describeProxy = ({ protocol, host }: URL, variable: string | undefined): string =>
  `the proxy ${protocol}//${host} (${variable})`;

/** The passwords of the proxies, which nothing may show. */
export function listProxyPasswords(): string[] {
  return Object.values(PROXY_VARIABLES)
    .flat()
    .flatMap(name => {
      const text = env[name] ?? '';
      return URL.canParse(text) ? [new URL(text).password] : [];
    })
    .filter(password => password !== '');
}
