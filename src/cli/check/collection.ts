// Checks a collection: that it has the two scripts, that no secret is in it, which of its variables say where assertions go,
// and which of its requests are authenticated. Pure, on the machine.

import type { Endpoints } from '../../client-auth/authorization-server.ts';
import type { ReadVariable } from '../../client-auth/settings.ts';
import { parseCollection } from '../collection/collection.ts';
import type { CollectionSource, StoredDocument } from '../collection/collection-source.ts';
import { findSecrets, isObject, type Json, type SecretFinding, toShown } from '../collection/findings.ts';
import { findRequestFindings } from '../collection/obstacles.ts';
import { type EndpointRequest, findEndpointRequests, findServerVariables } from '../collection/requests.ts';
import { toAdvices } from '../collection/script-advice.ts';
import { findScriptFault, hasScriptLast, type ScriptFault } from '../collection/script-fault.ts';
import { findScriptFindings, type ScriptFinding } from '../collection/script-findings.ts';
import { BEGIN } from '../collection/script-text.ts';
import type { Scripts } from '../command.ts';
import { SECRET_KINDS } from '../secrets/looks.ts';
import { type Line, line } from './line.ts';

/** Maximum number of secrets, or of requests, in a message. */
const MAX_SHOWN = 10;

/** Which part of a collection is checked, and what is no finding. */
export interface CollectionOptions {
  /** The folder that the script was put into; the whole collection if undefined. */
  folder?: string | undefined;
  /** Places and names of secrets that may be there. */
  allow?: string[] | undefined;
}

/**
 * Checks a collection.
 *
 * @param documents all that is stored of it
 * @param scripts texts of the built scripts
 * @param endpoints the known endpoints of the authorization server
 * @param read gives the value of a variable of the environment
 * @throws CommandError when the text is not a collection, or has no such folder
 */
export function checkCollection(
  source: Pick<CollectionSource, 'text' | 'dropsChanges'>,
  documents: StoredDocument[],
  scripts: Scripts,
  endpoints: Endpoints,
  read: ReadVariable,
  { folder, allow = [] }: CollectionOptions = {},
): Line[] {
  const { text } = source;
  const fault = findScriptFault(text, scripts, folder === undefined ? {} : { folder });
  const root = parseCollection(text);
  const requests = findEndpointRequests(root, endpoints, read);
  return [
    fault ? toScriptFault(fault, root, folder) : line('script_injected', 'script', describeInjected(folder)),
    ...checkSecrets(documents, allow),
    checkServerVariables(root, read),
    checkRequests(requests),
    ...checkObstacles(requests),
    ...checkScripts(findScriptFindings(source, { folder, last: hasScriptLast(text) })),
  ];
}

const describeInjected = (folder: string | undefined): string =>
  `exactly these two are in their places${folder === undefined ? '' : ` in ${JSON.stringify(folder)}`}`;

/** The requests that the script will refuse, or replace something of; nothing for most collections. */
function checkObstacles(requests: EndpointRequest[]): Line[] {
  const all = findRequestFindings(requests);
  const words = {
    request_refused: 'will be refused. Remove what they hold, or set "existing_client_authentication" to "replace"',
    request_replaced: 'will have this replaced by client authentication',
  };
  return (['request_refused', 'request_replaced'] as const).flatMap(code => {
    const findings = all.filter(one => one.code === code);
    if (findings.length === 0) return [];
    const shown = findings.slice(0, MAX_SHOWN).map(({ endpoint, name, found, canReplace }) => {
      return `${endpoint}: ${JSON.stringify(name)} has ${found.join(' and ')}${canReplace ? '' : ' (change it yourself)'}`;
    });
    const more = findings.length > MAX_SHOWN ? [`and ${findings.length - MAX_SHOWN} more`] : [];
    const message = [`${findings.length} of them ${words[code]}:`, ...shown, ...more].join('\n');
    return { ...line(code, 'requests', message), findings };
  });
}

/** What to do about scripts of the collection; nothing for most collections. */
const checkScripts = (all: ScriptFinding[]): Line[] =>
  toAdvices(all).map(({ code, message, findings }) => ({ ...line(code, 'scripts', message), findings }));

/** Where the whole collection lacks the script, a folder may have it: `inject --folder` puts it there. */
function toScriptFault({ code, message }: ScriptFault, root: Json, folder: string | undefined): Line {
  const found = code === 'script_missing' && folder === undefined ? findFoldersWithScript(root) : [];
  if (found.length === 0) {
    const option = folder === undefined ? '' : ` --folder ${JSON.stringify(folder)}`;
    return line(code, 'script', `${message} Inject it with "inject --in-place${option}".`);
  }
  const names = found.map(name => JSON.stringify(name)).join(', ');
  return line(
    code,
    'script',
    `${message} It is in ${names} alone: check that with --folder, or inject it for all requests.`,
  );
}

/** The names of the folders that have a copy of the script themselves. */
function findFoldersWithScript({ item }: Json): string[] {
  const open = Array.isArray(item) ? [...item] : [];
  const found: string[] = [];
  // The list grows while it is read.
  for (const one of open) {
    if (!isObject(one) || !Array.isArray(one.item)) continue;
    if (JSON.stringify(one.event ?? null).includes(BEGIN)) found.push(String(one.name));
    open.push(...one.item);
  }
  return found;
}

function checkSecrets(documents: StoredDocument[], allow: string[]): Line[] {
  const name = 'secrets';
  const all = documents.flatMap(({ name: file, root }) =>
    findSecrets(root).map(finding => ({ ...finding, path: file === '' ? finding.path : `${file} ${finding.path}` })),
  );
  const isAllowed = ({ path, names }: SecretFinding) => allow.some(one => one === path || one === names.at(-1));
  const allowed = all.filter(isAllowed);
  const found = all.filter(one => !isAllowed(one));
  const findings = SECRET_KINDS.flatMap(kind => found.filter(one => one.kind === kind));
  const unused = allow.filter(one => !allowed.some(({ path, names }) => one === path || one === names.at(-1)));
  const lines = unused.map(one =>
    line('secret_allowed_not_found', name, `--allow ${JSON.stringify(toShown(one))} allows nothing. Leave it out.`),
  );
  if (allowed.length > 0) {
    lines.push(line('secret_allowed', name, `allowed by --allow: ${allowed.map(describeSecret).join(', ')}`));
  }
  if (findings.length === 0) {
    const other = allowed.length > 0 ? 'no other private key' : 'no private key';
    return [line('secret_not_found', name, `${other}, token or other secret was found in the file`), ...lines];
  }
  const more = findings.length > MAX_SHOWN ? `, and ${findings.length - MAX_SHOWN} more, which --json lists` : '';
  const list = findings.slice(0, MAX_SHOWN).map(describeSecret).join(', ') + more;
  const message = `${list}. Remove them, and replace what they give access to.`;
  return [{ ...line('secret_found', name, message), findings }, ...lines];
}

function describeSecret({ kind, path, names }: SecretFinding): string {
  const inside = names.length > 0 ? ` in ${JSON.stringify(names.join(' / '))}` : '';
  return `${kind}${inside} at ${path}`;
}

function checkServerVariables(root: unknown, read: ReadVariable): Line {
  const name = 'server';
  const variables = findServerVariables(root, read);
  if (variables.length === 0) {
    return line('server_variable_not_found', name, 'no variable of the collection says where assertions go');
  }
  const found = `its variables say where assertions go: ${variables.join(', ')}`;
  return line('server_variable_found', name, `${found}. Set them in your environment, or check them.`);
}

function checkRequests(requests: EndpointRequest[]): Line {
  const name = 'requests';
  if (requests.length === 0) {
    const found = 'none goes to a known endpoint of the authorization server';
    return line('endpoint_request_not_found', name, `${found}. Check "issuer" or the endpoint variables.`);
  }
  const list = requests.map(one => `${one.endpoint}: ${JSON.stringify(one.name)}`);
  return line('endpoint_request_found', name, list.join(', '));
}
